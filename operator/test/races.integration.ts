import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KubeClient, KubeRequest } from "../src/kube/client.ts";
import { configMapKind, coreChildKinds, pathOf, type ResourceKind, secretKind } from "../src/kube/kinds.ts";
import type { KubernetesObject } from "../src/reconcile/ports.ts";
import { eventually, revenprox, revenproxPath, statusOf, untilTaken } from "./support/cluster.ts";
import { startControllers } from "./support/controllers.ts";
import { childrenOf, endState } from "./support/end-state.ts";
import { untilQuiet } from "./support/quiet.ts";
import { seeded } from "./support/seeded.ts";
import { clusterOfFile, operatorOfFile } from "./support/stage.ts";

const isFull = process.env["REVENPROX_TEST_FULL"] !== undefined;
/** Pauses after failures are that much shorter. */
const speed = 5;
const patience = 90;

/** What is done right before the operator sends something for the first time, by the method and what it sends. */
const moments = new Map<string, () => Promise<unknown>>();

const through = (client: KubeClient): KubeClient => ({
  ...client,
  request: async (call: KubeRequest) => {
    const { kind, metadata } = (call.body ?? {}) as Partial<KubernetesObject>;
    const moment = `${call.method} ${kind} ${metadata?.name}`;
    const happens = moments.get(moment);
    moments.delete(moment);
    await happens?.();
    return client.request(call);
  },
});

const cluster = clusterOfFile();
operatorOfFile(cluster, { speed, through });
let endControllers: () => Promise<void>;

beforeAll(async () => {
  const controllers = ["deployment", "replicaset", "statefulset", "garbage-collector", "namespace"];
  endControllers = await startControllers(
    cluster.controlPlane,
    controllers.map((name) => `${name}-controller`),
  );
});
afterAll(() => endControllers?.());

const kinds = [...coreChildKinds, secretKind];
const childrenNow = async (name: string): Promise<readonly KubernetesObject[]> =>
  (await Promise.all(kinds.map((kind) => childrenOf<KubernetesObject>(cluster, name, kind)))).flat();

const uidOf = async (name: string) => (await cluster.get(revenproxPath(name)))?.metadata.uid;

const again = { replicas: 2, config: { http: { maxHeaderSize: 4_096 } } };
/** All that a resource of that spec has in the end. */
let expected: readonly string[];
beforeAll(async () => {
  await cluster.kubectlApply(revenprox("untroubled", again));
  await untilQuiet(cluster, "untroubled");
  expected = await endState(cluster, "untroubled");
  expect(expected.length).toBeGreaterThan(8);
});

describe.concurrent("a RevenProx that is deleted and made again with the same name, right before", () => {
  test.concurrent.each([
    ["its Secrets", "POST Secret NAME-management-tokens"],
    ["its ConfigMaps", "PATCH ConfigMap NAME-config-live"],
    ["its Deployment", "PATCH Deployment NAME"],
    ["its StatefulSet", "PATCH StatefulSet NAME-nats"],
    ["its status", "PATCH RevenProx NAME"],
  ])("%s: the second one has everything, the first nothing", async (what, moment) => {
    const name = `again-${what.replaceAll(/\W+/g, "-").toLowerCase()}`;
    let former: string | undefined;
    moments.set(moment.replace("NAME", name), async () => {
      former = await uidOf(name);
      await cluster.kubectl("delete", "revenprox", name, "--wait=false");
      await cluster.kubectlApply(revenprox(name, again));
    });
    await cluster.kubectlApply(revenprox(name, { replicas: 1 }));
    const isAnother = async () => {
      const found = await uidOf(name);
      return former !== undefined && found !== former ? found : undefined;
    };
    const uid = await eventually("it is another one", isAnother, patience);
    const isAllOfTheSecond = async () => {
      const children = await childrenNow(name);
      const owners = children.map(({ metadata }) => metadata.ownerReferences?.[0]?.uid);
      return children.length === expected.length && owners.every((owner) => owner === uid);
    };
    await eventually("all is the second one's", isAllOfTheSecond, patience);
    await untilQuiet(cluster, name);
    expect(await endState(cluster, name)).toEqual(expected);
    expect(await statusOf(cluster, name)).toMatchObject({ observedGeneration: 1 });
    expect((await childrenNow(name)).map(({ metadata }) => metadata.ownerReferences?.[0]?.uid)).not.toContain(former);
  });
});

const shuffled = <T>(items: readonly T[], random: () => number): readonly T[] =>
  items
    .map((item) => ({ item, at: random() }))
    .toSorted((left, right) => left.at - right.at)
    .map(({ item }) => item);

/** As somebody does by hand, in one of the ways that kubectl offers. */
const remove = async (kind: ResourceKind, name: string, cascade: string): Promise<void> => {
  const objects = await childrenOf<KubernetesObject>(cluster, name, kind);
  const names = objects.map(({ metadata }) => metadata.name);
  if (names.length === 0) return;
  const args = ["--wait=false", "--ignore-not-found", `--cascade=${cascade}`];
  await cluster.kubectl("delete", kind.plural, ...names, ...args);
};

/** In `npm test` a few orders of very many. */
const orders = Array.from({ length: isFull ? 24 : 2 }, (_, index) => index + 1);

test.concurrent.each(orders)(
  "children that are deleted while a change is rolled out come back, in order %i",
  async (seed) => {
    const name = `deleted-${seed}`;
    await cluster.kubectlApply(revenprox(name, { replicas: 1 }));
    await untilQuiet(cluster, name);
    const random = seeded(seed);
    await cluster.kubectlApply(revenprox(name, again));
    // Secrets are not watched: a deleted one is missed within a minute.
    for (const kind of shuffled(coreChildKinds, random)) {
      await remove(kind, name, shuffled(["background", "orphan", "foreground"], random)[0] ?? "");
      await new Promise((resolve) => setTimeout(resolve, random() * 300));
    }
    // The configuration before the change is kept for `kubectl rollout undo`, if nobody deleted it.
    const present = (state: readonly string[]) => state.filter((each) => !each.includes('"name":"NAME-config-HASH"'));
    await eventually(
      "all is back",
      async () => JSON.stringify(present(await endState(cluster, name))) === JSON.stringify(present(expected)),
      patience,
    );
  },
);

test.concurrent("a namespace that is made again as soon as it is gone gets all its children anew", async () => {
  const namespace = "comes-back";
  const web = { ...revenprox("web"), metadata: { name: "web", namespace } };
  const hasStatus = async () => {
    const found = await cluster.get(revenproxPath("web", namespace));
    const { observedGeneration } = (found?.["status"] ?? {}) as { readonly observedGeneration?: number };
    return observedGeneration === 1 ? found?.metadata.uid : undefined;
  };
  await cluster.kubectl("create", "namespace", namespace);
  await cluster.kubectlApply(web);
  const former = await eventually("it has a status", hasStatus, patience);
  await cluster.kubectl("delete", "namespace", namespace, "--wait=false");
  const makeAgain = () => cluster.kubectl("create", "namespace", namespace);
  await untilTaken("the namespace is made again", makeAgain, patience);
  await cluster.kubectlApply(web);
  expect(await eventually("it has a status again", hasStatus, patience)).not.toBe(former);
  const lists = await Promise.all(
    kinds.map((kind) => cluster.client.request({ method: "GET", path: pathOf(kind, namespace) })),
  );
  const owners = lists
    .flatMap((list) => (list as { readonly items: readonly KubernetesObject[] }).items)
    .flatMap(({ metadata }) => metadata.ownerReferences?.filter(({ kind }) => kind === "RevenProx") ?? []);
  expect(owners.length).toBeGreaterThan(8);
  expect(owners.map(({ uid }) => uid)).not.toContain(former);
});

test.concurrent("an object that somebody makes between the look and the write is left as it is", async () => {
  const name = "taken";
  const foreign = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `${name}-config-live`, namespace: "default" },
    data: { theirs: "yes" },
  };
  moments.set(`PATCH ConfigMap ${name}-config-live`, () =>
    cluster.client.request({
      method: "POST",
      path: pathOf(configMapKind, "default"),
      query: { fieldManager: "somebody" },
      body: foreign,
    }),
  );
  await cluster.kubectlApply(revenprox(name));
  await eventually(
    "the status says so",
    async () =>
      (await statusOf(cluster, name)).conditions?.find(
        ({ type, reason }) => type === "Stalled" && reason === "NameConflict",
      ),
    patience,
  );
  const live = await cluster.get(pathOf(configMapKind, "default", `${name}-config-live`));
  expect(live).toMatchObject({ data: foreign.data });
  expect(live?.metadata.ownerReferences).toBeUndefined();
  expect(live?.metadata.labels).toBeUndefined();
});
