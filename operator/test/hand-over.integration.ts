import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { deploymentKind, pathOf } from "../src/kube/kinds.ts";
import { only, render } from "./support/chart.ts";
import { eventually, revenprox } from "./support/cluster.ts";
import { type OperatorProcess, spawnOperator } from "./support/operator-process.ts";
import { clusterOfFile } from "./support/stage.ts";

const handOvers = 5;
const results = fileURLToPath(new URL("../../docs/results/hand-over.md", import.meta.url));

const cluster = clusterOfFile();
const running = new Set<OperatorProcess>();

afterEach(async () => {
  await Promise.all([...running].map((process) => process.end("SIGKILL")));
});

/** The times of the Lease as the chart sets them. */
const chartTimes = async (): Promise<Readonly<Record<string, string>>> => {
  const { template } = only(await render(), "Deployment")["spec"] as {
    readonly template: { readonly spec: { readonly containers: readonly { readonly env: readonly EnvEntry[] }[] } };
  };
  const env = template.spec.containers[0]?.env ?? [];
  return Object.fromEntries(
    env.flatMap(({ name, value }) => (/^LEASE_.*_SECONDS$/.test(name) && value !== undefined ? [[name, value]] : [])),
  );
};

interface EnvEntry {
  readonly name: string;
  readonly value?: string;
}

const start = async (name: string, times: Readonly<Record<string, string>>): Promise<OperatorProcess> => {
  const environment = { ...times, LEASE_NAMESPACE: "default", POD_NAME: name };
  const operator = spawnOperator(cluster.controlPlane.kubeconfig, environment);
  running.add(operator);
  await eventually(`${name} has its caches`, async () => operator.log().includes("watching RevenProxes"), 60);
  return operator;
};

const replicas = async (): Promise<unknown> =>
  ((await cluster.get(pathOf(deploymentKind, "default", "one")))?.["spec"] as { readonly replicas?: number })?.replicas;

/** Milliseconds from the stop of the leader to the first write of the next, of a change that was made while nobody led. */
const handOver = async (from: OperatorProcess, to: OperatorProcess, wanted: number) => {
  const startedAt = performance.now();
  const ended = from.end("SIGTERM");
  await cluster.client.request({
    method: "PATCH",
    path: "/apis/revenprox.io/v1alpha1/namespaces/default/revenproxes/one",
    contentType: "application/merge-patch+json",
    body: { spec: { replicas: wanted } },
  });
  await eventually("the other one leads", async () => to.log().includes("this operator leads"), 60);
  const leads = performance.now() - startedAt;
  await eventually("it writes", async () => (await replicas()) === wanted, 60);
  const wrote = performance.now() - startedAt;
  await ended;
  return { leads, wrote };
};

const seconds = (ms: number): string => (ms / 1_000).toFixed(2);

const report = (measured: readonly { leads: number; wrote: number }[]): string => `# How long a hand-over takes

Two operators as processes of their own on a real kube-apiserver, with the times of the chart. The leader gets SIGTERM; a RevenProx is changed at the same moment. \`REVENPROX_TEST_RECORD=1\` with \`operator/test/hand-over.integration.ts\` writes this page.

| hand-over | the next one leads after, s | it has written the change after, s |
| ---: | ---: | ---: |
${measured.map(({ leads, wrote }, index) => `| ${index + 1} | ${seconds(leads)} | ${seconds(wrote)} |`).join("\n")}

The next one looks at the Lease each 1.6 to 2 s (\`leaderElection.retrySeconds\`): that is most of it.
`;

test(`a stopped leader hands over, ${handOvers} times in a row, long before the time of its Lease`, async () => {
  const times = { ...(await chartTimes()), LEASE_DURATION_SECONDS: "600", LEASE_RENEW_DEADLINE_SECONDS: "400" };
  expect(Object.keys(times)).toHaveLength(3);
  await cluster.kubectlApply(revenprox("one", { replicas: 1 }));
  let leader = await start("pod-0", times);
  await eventually("it has made the Deployment", async () => (await replicas()) === 1, 60);
  const measured: { leads: number; wrote: number }[] = [];
  for (let round = 1; round <= handOvers; round++) {
    const next = await start(`pod-${round}`, times);
    measured.push(await handOver(leader, next, 1 + round));
    leader = next;
  }
  const text = report(measured);
  process.stdout.write(`${text}\n`);
  // A Lease that is not given up would be waited for: ten minutes of it.
  for (const { wrote } of measured) expect(wrote).toBeLessThan(60_000);
  if (process.env["REVENPROX_TEST_RECORD"] !== undefined) await writeFile(results, text);
}, 400_000);
