import { expect, test } from "vitest";
import { eventually, revenprox, statusOf } from "./support/cluster.ts";
import { startOperator } from "./support/operator.ts";
import { notFound } from "./support/played-load.ts";
import { PlayedProxies } from "./support/played-proxies.ts";
import { clusterOfFile } from "./support/stage.ts";

/** A look every 1.5 s instead of every 15 s. */
const speed = 10;

const cluster = clusterOfFile();

const connections = (streams: number) => ({
  active_connections: streams,
  max_connections_effective: 10_000,
  topics: 2,
});

interface Build {
  readonly name: string;
  /** What it answers at a path of its management plane. */
  readonly tell: (streams: number, path: string) => unknown;
  /** Where nobody says what pods hold, none is taken away. */
  readonly told: { readonly connections: number | undefined; readonly proxies: number };
}

const builds: readonly Build[] = [
  {
    name: "before-load",
    tell: (streams, path) => (path === "/api/v1/connections" ? connections(streams) : notFound),
    told: { connections: 900, proxies: 2 },
  },
  {
    name: "terse",
    tell: (streams, path) => (path === "/api/v1/load" ? { streams, limit: 10_000 } : connections(streams)),
    told: { connections: 900, proxies: 2 },
  },
  { name: "of-tomorrow", tell: () => notFound, told: { connections: undefined, proxies: 3 } },
  { name: "strange", tell: () => ["?"], told: { connections: undefined, proxies: 3 } },
];

const runs = (name: string, proxies: number) =>
  eventually(`${proxies} of ${name} run`, async () => (await statusOf(cluster, name)).readyReplicas === proxies, 90);

test("proxies of other builds under this operator: what they do not tell fails no pass and replaces none", async () => {
  const operator = await startOperator(cluster, { speed });
  const autoscaling = { minReplicas: 2, maxReplicas: 4, connections: { targetPerPod: 1_000 } };
  const live = async ({ name, tell, told }: Build) => {
    await cluster.kubectlApply(revenprox(name, { autoscaling }));
    const played = new PlayedProxies(cluster, name, tell);
    played.hold(900);
    try {
      await runs(name, told.proxies);
      await eventually(
        `the streams of ${name} are told, if they are known`,
        async () => ((await statusOf(cluster, name)).connections ?? 0) === (told.connections ?? 0),
        90,
      );
      // A change of the number is done as ever.
      await cluster.kubectlApply(revenprox(name, { autoscaling: { ...autoscaling, minReplicas: told.proxies + 1 } }));
      await runs(name, told.proxies + 1);
      const before = await operator.metric("revenprox_operator_reconcile_total");
      await eventually(
        "it was looked at again and again",
        async () => (await operator.metric("revenprox_operator_reconcile_total")) > before + 4 * builds.length,
        90,
      );
      const { healing, conditions = [] } = await statusOf(cluster, name);
      expect(healing).toBeUndefined();
      expect(conditions.find(({ type }) => type === "HealingExhausted")?.status).toBe("False");
    } finally {
      await played.stop();
    }
  };
  try {
    await Promise.all(builds.map(live));
    expect(await operator.metric("revenprox_operator_reconcile_errors_total")).toBe(0);
    expect(operator.lines.filter((line) => line.includes("ERROR"))).toEqual([]);
  } finally {
    await operator.stop();
  }
});
