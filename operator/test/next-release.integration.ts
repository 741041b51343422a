import { afterAll, beforeAll, expect, test } from "vitest";
import { configMapKind, deploymentKind, pathOf, type ResourceKind, statefulSetKind } from "../src/kube/kinds.ts";
import { condition, eventually, revenprox, statusOf } from "./support/cluster.ts";
import { makeNextRelease, type NextRelease, newKey } from "./support/next-release.ts";
import { type OperatorProcess, spawnOperator } from "./support/operator-process.ts";
import { untilQuiet } from "./support/quiet.ts";
import { clusterOfFile } from "./support/stage.ts";

const cluster = clusterOfFile();
let release: NextRelease;
let running: OperatorProcess | undefined;

beforeAll(async () => {
  release = await makeNextRelease();
});

afterAll(async () => {
  await running?.end("SIGTERM");
  await release?.remove();
});

/** Lets this operator take the place of the one that runs. */
const run = async (main?: string): Promise<void> => {
  await running?.end("SIGTERM");
  running = spawnOperator(cluster.controlPlane.kubeconfig, {}, main);
};

const templateOf = async (kind: ResourceKind, name: string): Promise<string> => {
  const object = await eventually(`${name} is made`, () => cluster.get(pathOf(kind, "default", name)), 60);
  return JSON.stringify((object["spec"] as { readonly template: unknown }).template);
};

const templates = async (name: string) => ({
  proxies: await templateOf(deploymentKind, name),
  nats: await templateOf(statefulSetKind, `${name}-nats`),
});

/** What proxies are to read at their start, from the ConfigMap that their pods name. */
const coldConfig = async (name: string): Promise<string> => {
  const configMap =
    /"configMap":\{"name":"([^"]*-config-[0-9a-f]{16})"/.exec((await templates(name)).proxies)?.[1] ?? "";
  return JSON.stringify((await cluster.get(pathOf(configMapKind, "default", configMap)))?.["data"] ?? "absent");
};

const says = (name: string, reason: string) =>
  eventually(
    `UpgradePending of ${name} says ${reason}`,
    async () =>
      (await statusOf(cluster, name)).conditions?.find((each) => each.type === "UpgradePending")?.reason === reason,
    60,
  );

const change = (name: string, spec: unknown) =>
  cluster.kubectl("patch", "revenprox", name, "--type=merge", "-p", JSON.stringify({ spec }));

const specs: Readonly<Record<string, unknown>> = {
  empty: {},
  keyed: {
    config: { metricsEnabled: false, logFormat: "text", http: { engine: "node" }, journal: { maxAgeSec: 600 } },
  },
};
const all = Object.keys(specs);
const ofAll = async <T>(look: (name: string) => Promise<T>): Promise<readonly T[]> => Promise.all(all.map(look));
const quiet = () => ofAll((name) => untilQuiet(cluster, name));

test("a release that brings a key, and another order of keys, leaves all pods as they are, and so does the way back", async () => {
  await run();
  for (const name of all) await cluster.kubectlApply(revenprox(name, specs[name]));
  await ofAll((name) => condition(cluster, name, ["Ready", "False"]));
  await quiet();
  const before = await ofAll(templates);

  await run(release.main);
  await ofAll((name) => says(name, "NewPodTemplate"));
  await ofAll((name) => change(name, { config: { http: { keepaliveIntervalSec: 31 } } }));
  await quiet();
  expect(await ofAll(templates)).toEqual(before);
  // What the pods name is there still.
  for (const config of await ofAll(coldConfig)) expect(config).not.toMatch(/absent|novelty/);

  await ofAll((name) => change(name, { resources: { requests: { cpu: "100m" } } }));
  await ofAll((name) =>
    eventually("what is new comes with the next pods", async () => (await coldConfig(name)).includes(newKey), 60),
  );
  await quiet();
  const after = await ofAll(templates);

  await run();
  await ofAll((name) => says(name, "NewPodTemplate"));
  await quiet();
  expect(await ofAll(templates)).toEqual(after);
});
