import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { eventually, revenprox, statusOf } from "./support/cluster.ts";
import { type RunningOperator, startOperator } from "./support/operator.ts";
import { clusterOfFile } from "./support/stage.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const present = `${root}crds/revenprox.yaml`;
const former = `${root}e2e/upgrade/charts/revenprox-0.1.0/files/revenprox-crd.yaml`;

const cluster = clusterOfFile();

/** As `kubectl replace` does: the schema and nothing else changes. */
const serve = async (file: string): Promise<void> => {
  const { metadata, ...rest } = parse(await readFile(file, "utf8")) as { readonly metadata: { readonly name: string } };
  const { name } = metadata;
  await cluster.kubectlApply({ ...rest, metadata: { name } });
};

const said = (name: string, [status, reason]: readonly [string, string]) =>
  eventually(
    `SchemaOutdated of ${name} is ${status}, ${reason}`,
    async () =>
      (await statusOf(cluster, name)).conditions?.find(
        (each) => each.type === "SchemaOutdated" && each.status === status && each.reason === reason,
      ),
    60,
  );

const missing = (operator: RunningOperator) => operator.metric("revenprox_operator_served_crd_missing_fields");

test("a CRD of an earlier release is noticed at the start and while running, and so is its upgrade", async () => {
  await serve(former);
  const first = await startOperator(cluster);
  try {
    await cluster.kubectlApply(revenprox("web"));
    const { message } = await said("web", ["True", "CRDOlder"]);
    expect(message).toMatch(/spec\.[a-z]+/);
    expect(await missing(first)).toBeGreaterThan(0);
    expect(first.lines.join("")).toContain("the CRD that is served is of an earlier release");
    await serve(present);
    await said("web", ["False", "UpToDate"]);
    expect(await missing(first)).toBe(0);
    await serve(former);
    await said("web", ["True", "CRDOlder"]);
  } finally {
    await first.stop();
    await serve(present);
  }
});
