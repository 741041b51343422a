import { expect, test } from "vitest";
import { resourceOf } from "../testing/resource.ts";
import { createJournalVolumes } from "./journal-volumes.ts";
import { podKind, statefulSetKind } from "./kinds.ts";
import { KubeError } from "./kube-error.ts";
import type { LiveObject } from "./object.ts";
import { fakeServer, liveObject } from "./testing/fakes.ts";

const revenprox = resourceOf({ nats: { managed: { replicas: 1, storage: { size: "5Gi", className: "fast" } } } });

const pod = (more: { revision?: string; ready?: boolean; deletionTimestamp?: string } = {}): LiveObject => {
  const { revision = "new", ready = true, ...metadata } = more;
  return {
    ...liveObject(podKind, "web-nats-0", { labels: { "controller-revision-hash": revision }, ...metadata }),
    status: { conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  };
};

const statefulSet = (status: object = {}, metadata: object = {}): LiveObject => ({
  ...liveObject(statefulSetKind, "web-nats", { generation: 2, ...metadata }),
  spec: { replicas: 1, volumeClaimTemplates: [{ spec: { resources: { requests: { storage: "2Gi" } } } }] },
  status: { observedGeneration: 2, readyReplicas: 1, updateRevision: "new", ...status },
});

const harness = (
  { owner = statefulSet(), pods = [pod()] }: { readonly owner?: LiveObject; readonly pods?: readonly LiveObject[] },
  answer: Parameters<typeof fakeServer>[0] = () => ({}),
) => {
  const { client, calls } = fakeServer(answer);
  let now = 0;
  const volumes = createJournalVolumes({
    client,
    store: { ownedBy: (uid) => (uid === owner.metadata.uid ? pods : [owner]) },
    storageClasses: {
      defaultName: async () => undefined,
      exists: async () => undefined,
      expandable: async () => undefined,
    },
    manager: "test",
    now: () => now,
  });
  return { volumes, calls, pass: (ms: number) => (now += ms) };
};

test.each<[string, Parameters<typeof harness>[0], boolean]>([
  ["all is calm", {}, true],
  ["its controller still counts a pod that went", { pods: [] }, false],
  ["a pod is leaving", { pods: [pod({ deletionTimestamp: "2026-11-23T00:00:00Z" })] }, false],
  ["a pod is of a former revision", { pods: [pod({ revision: "old" })] }, false],
  ["a pod is not ready", { pods: [pod({ ready: false })] }, false],
  ["its controller has not seen the present spec", { owner: statefulSet({ observedGeneration: 1 }) }, false],
  ["it is being deleted already", { owner: statefulSet({}, { deletionTimestamp: "2026-11-23T00:00:00Z" }) }, false],
])("the StatefulSet is taken away from around its pods only when all is calm: %s", async (_, scene, taken) => {
  const { volumes, calls } = harness(scene);
  expect(await volumes.replaceStatefulSet(revenprox)).toBe(taken);
  expect(calls.filter((call) => call.startsWith("DELETE"))).toHaveLength(taken ? 1 : 0);
});

test("what the API server refuses is told alike each time, and asked again only after ten minutes", async () => {
  const claim = {
    metadata: { name: "journal-web-nats-0", uid: "c", namespace: "n" },
    spec: { storageClassName: "fast", resources: { requests: { storage: "2Gi" } } },
    status: { capacity: { storage: "2Gi" } },
  };
  const { volumes, calls, pass } = harness({}, ({ method }) => {
    if (method === "PATCH") throw new KubeError(403, JSON.stringify({ message: "not expandable" }), "PATCH");
    return claim;
  });
  const patches = () => calls.filter((call) => call.startsWith("PATCH")).length;
  const first = await volumes.grow(revenprox);
  expect(first?.blocked).toContain("not expandable");
  expect(await volumes.grow(revenprox)).toEqual(first);
  expect(patches()).toBe(1);
  pass(600_001);
  await volumes.grow(revenprox);
  expect(patches()).toBe(2);
});

test("a Role of an older chart blocks the growth, and nothing else", async () => {
  const refusing = () => {
    throw new KubeError(403, "{}", "GET");
  };
  expect((await harness({}, refusing).volumes.grow(revenprox))?.blocked).toContain("grant get and patch");
});
