import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { revenproxSpec } from "@revenprox/contract/resource/spec";
import { expect, test } from "vitest";
import type { NatsServer } from "../nats/nats-server.ts";
import { HEAL_AFTER_MS } from "../nats/next-restart.ts";
import { podKind, statefulSetKind } from "./kinds.ts";
import { createNatsServers } from "./nats-servers.ts";
import { ObjectStore } from "./store.ts";
import { controlledBy, fakeScheduler, liveObject } from "./testing/fakes.ts";

const resource: RevenProx = {
  apiVersion: "revenprox.io/v1alpha1",
  kind: "RevenProx",
  metadata: { name: "r", namespace: "n", uid: "u", generation: 1, resourceVersion: "1" },
  spec: revenproxSpec.parse({}),
};
const statefulSet = (status: object) => ({
  ...liveObject(statefulSetKind, "r-nats", { ...controlledBy("u"), generation: 2 }),
  spec: { replicas: 2, volumeClaimTemplates: [{}] },
  status,
});
const pod = (name: string, revision: string, owner = "uid-r-nats") => ({
  ...liveObject(podKind, name, {
    ...controlledBy(owner, "StatefulSet", "r-nats"),
    labels: { app: "revenprox-nats", "controller-revision-hash": revision },
  }),
  status: { podIP: `address of ${name}`, conditions: [{ type: "Ready", status: "True" }] },
});
const seen = { observedGeneration: 2, updateRevision: "new" };
const writeError = "stream write error: no space left on device";

const harness = (answer: (name: string) => NatsServer | undefined) => {
  const scheduler = fakeScheduler();
  const store = new ObjectStore(() => undefined);
  const asked: string[] = [];
  const changes: string[] = [];
  const servers = createNatsServers({
    store,
    ask: async (address, name) => {
      asked.push(address);
      const server = answer(name);
      if (server === undefined) throw new Error("no answer");
      return server;
    },
    now: scheduler.now,
    onChange: ({ metadata }) => changes.push(metadata.name),
  });
  return { scheduler, store, servers, asked, changes };
};
const well = (name: string): NatsServer => ({ name, fault: undefined, leads: [] });

test("asks the pods of its own StatefulSet alone, once in ten seconds, and tells of what changed", async () => {
  let fault: string | undefined;
  const { scheduler, store, servers, asked, changes } = harness((name) => ({ ...well(name), fault }));
  expect(servers.known(resource)).toEqual([]);
  store.put(statefulSetKind, statefulSet(seen));
  store.put(podKind, pod("r-nats-0", "new"));
  store.put(podKind, pod("false-nats-0", "new", "uid of another"));
  servers.known(resource);
  servers.known(resource);
  await scheduler.turn();
  expect(asked).toEqual(["address of r-nats-0"]);
  expect(servers.known(resource)).toEqual([well("r-nats-0")]);
  expect(changes).toEqual(["r"]);
  fault = "not current";
  await scheduler.advance(10_000);
  servers.known(resource);
  await scheduler.turn();
  expect(servers.known(resource)).toMatchObject([{ fault }]);
  expect(changes).toEqual(["r", "r"]);
});

test("is due while a pod is of a former revision, or the change was not seen yet", () => {
  const { store, servers } = harness(well);
  expect(servers.isDue(resource)).toBe(false);
  store.put(statefulSetKind, statefulSet(seen));
  store.put(podKind, pod("r-nats-0", "new"));
  expect(servers.isDue(resource)).toBe(false);
  store.put(podKind, pod("r-nats-1", "old"));
  expect(servers.isDue(resource)).toBe(true);
  store.put(podKind, pod("r-nats-1", "new"));
  store.put(statefulSetKind, statefulSet({ ...seen, observedGeneration: 1 }));
  expect(servers.isDue(resource)).toBe(true);
});

test("is due when writes have failed for long, and tells for how long", async () => {
  let fault: string | undefined = writeError;
  const { scheduler, store, servers } = harness((name) => ({ ...well(name), fault }));
  store.put(statefulSetKind, statefulSet(seen));
  store.put(podKind, pod("r-nats-0", "new"));
  await servers.ask(resource);
  await scheduler.advance(HEAL_AFTER_MS - 10_000);
  await servers.ask(resource);
  expect(servers.isDue(resource)).toBe(false);
  await scheduler.advance(10_000);
  expect(servers.isDue(resource)).toBe(true);
  const cluster = await servers.ask(resource);
  expect(cluster?.workload).toEqual({ replicas: 2, updateRevision: "new", persistent: true });
  expect(cluster?.pods).toMatchObject([{ failingMs: HEAL_AFTER_MS, ready: true, leaving: false }]);
  fault = undefined;
  await servers.ask(resource);
  expect(servers.isDue(resource)).toBe(false);
});

test("a server that does not answer is there, without a word", async () => {
  const { store, servers } = harness(() => undefined);
  store.put(statefulSetKind, statefulSet(seen));
  store.put(podKind, pod("r-nats-0", "old"));
  expect((await servers.ask(resource))?.pods).toMatchObject([{ name: "r-nats-0", server: undefined, failingMs: 0 }]);
});
