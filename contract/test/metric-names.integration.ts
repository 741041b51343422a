import { tryCommand } from "@revenprox/cluster/host/command";
import { promtool } from "@revenprox/observability";
import { expect, test } from "vitest";
import { conventionExceptions } from "../src/metric-conventions.ts";
import { type Metric, type MetricName, metricName, metrics } from "../src/metrics.ts";

const sample = (name: string, labels: readonly string[]): string =>
  `${name}${labels.length === 0 ? "" : `{${labels.join(",")}}`} 0`;

/** A scrape of everything in the catalogue. */
const exposition = (name: string, { type, help, labels = [], buckets = [] }: Metric): readonly string[] => {
  const pairs = labels.map((label) => `${label}="x"`);
  const head = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
  if (type !== "histogram") return [...head, sample(name, pairs)];
  const edges = [...buckets.map(String), "+Inf"].map((edge) => sample(`${name}_bucket`, [...pairs, `le="${edge}"`]));
  return [...head, ...edges, sample(`${name}_sum`, pairs), sample(`${name}_count`, pairs)];
};

test("promtool objects to the seed's exceptions only", async () => {
  const lines = (Object.entries(metrics) as [MetricName, Metric][]).flatMap(([name, metric]) =>
    exposition(metricName(name), metric),
  );
  const { stdout, stderr } = await tryCommand(await promtool(), ["check", "metrics"], {
    input: `${lines.join("\n")}\n`,
  });
  const listed = Object.entries(conventionExceptions).flatMap(([name, { lint }]) =>
    lint === undefined ? [] : [`${metricName(name as MetricName)} ${lint}`],
  );
  const said = `${stdout}${stderr}`.split("\n").filter((line) => line !== "");
  expect(said.toSorted()).toEqual(listed.toSorted());
});
