import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createKubeClient, loadKubeConfig } from "../src/kube/client.ts";
import { eventually, revenprox, startTestCluster, type TestCluster } from "./support/cluster.ts";
import { startOperator } from "./support/operator.ts";
import { kubeconfigThrough } from "./support/operator-process.ts";
import { type Relay, startRelay } from "./support/relay.ts";

let cluster: TestCluster;
let folder: string;
let relay: Relay;

beforeEach(async () => {
  cluster = await startTestCluster();
  folder = await mkdtemp(join(tmpdir(), "revenprox-network-"));
  relay = await startRelay(Number(new URL(cluster.controlPlane.url).port));
});

afterEach(async () => {
  await relay?.stop();
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

const replicasOf = async (name: string): Promise<unknown> => {
  const deployment = await cluster.get(`/apis/apps/v1/namespaces/default/deployments/${name}`);
  return (deployment?.["spec"] as { replicas?: number } | undefined)?.replicas;
};

test("a slow API server whose connections break at any moment delays the end, no more", async () => {
  const names = ["one", "two", "three"];
  const operator = await startOperator(cluster, { kubeconfig: await kubeconfigThrough(cluster, relay.port, folder) });
  try {
    relay.delayAnswers(100);
    for (let round = 1; round <= 8; round++) {
      for (const name of names) await cluster.kubectlApply(revenprox(name, { replicas: round }));
      // A different moment of the passes each time.
      await new Promise((resolve) => setTimeout(resolve, (round * 137) % 500));
      relay.breakAll();
    }
    for (const name of names)
      await eventually(`${name} has the last number of replicas`, async () => (await replicasOf(name)) === 8, 120);
    expect(operator.lines.some((line) => line.includes("broke, again in"))).toBe(true);
  } finally {
    relay.delayAnswers(0);
    await operator.stop();
  }
}, 600_000);

test("a write that is given up while the network is cut never arrives: its connection is reset", async () => {
  const client = createKubeClient(loadKubeConfig(await kubeconfigThrough(cluster, relay.port, folder)));
  try {
    const path = "/api/v1/namespaces/default/configmaps";
    const named = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } });
    await client.request({ method: "POST", path, body: named("before") });
    relay.cut();
    const term = new AbortController();
    const late = client.request({ method: "POST", path, body: named("late"), signal: term.signal, permit: () => true });
    setTimeout(() => term.abort(), 500);
    await expect(late).rejects.toThrow("ended by this side");
    relay.heal();
    await eventually("the reset was seen", async () => relay.resets > 0);
    await client.request({ method: "POST", path, body: named("after") });
    expect(await cluster.get(`${path}/late`)).toBeUndefined();
    const withheld = client.request({ method: "POST", path, body: named("withheld"), permit: () => false });
    await expect(withheld).rejects.toThrow("not permitted");
    expect(await cluster.get(`${path}/withheld`)).toBeUndefined();
  } finally {
    client.close();
  }
}, 400_000);
