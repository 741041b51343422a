import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { revenproxSpec } from "@revenprox/contract/resource/spec";
import { expect, test } from "vitest";
import { podKind } from "./kinds.ts";
import type { Secrets } from "./secrets.ts";
import { fakeScheduler, liveObject } from "./testing/fakes.ts";
import { type AskProxy, createReadWorkload } from "./workload.ts";

const resource: RevenProx = {
  apiVersion: "revenprox.io/v1alpha1",
  kind: "RevenProx",
  metadata: { name: "r", namespace: "n", uid: "u", generation: 1, resourceVersion: "1" },
  spec: revenproxSpec.parse({}),
};
const pod = (podIP: string, app = "revenprox", ready = "True") => ({
  ...liveObject(podKind, `pod-${podIP}`, { labels: { app } }),
  status: { podIP, conditions: [{ type: "Ready", status: ready }] },
});
const secrets = (token: string | undefined): Pick<Secrets, "value"> => ({
  value: async () => token,
});

const harness = (ask: AskProxy, token: string | undefined = "secret") => {
  const scheduler = fakeScheduler();
  const changed: string[] = [];
  const unknown: unknown[] = [];
  const read = createReadWorkload({
    secrets: secrets(token),
    ask,
    now: scheduler.now,
    onChange: ({ metadata }) => changed.push(metadata.name),
    onUnknown: (_, error) => unknown.push(error),
  });
  return { scheduler, read, changed, unknown };
};

test("adds up the ready proxies in the background, and asks again in the pass of the next minute", async () => {
  const asked: string[] = [];
  const { scheduler, read, changed } = harness(async (address, token) => {
    asked.push(`${address} ${token}`);
    return { connections: 10, topics: 2 };
  });
  const pods = [
    pod("10.0.0.1"),
    pod("10.0.0.2"),
    pod("10.0.0.3", "revenprox-nats"),
    pod("10.0.0.4", "revenprox", "False"),
  ];
  expect(read(resource, pods)).toBeUndefined();
  await scheduler.turn();
  expect(changed).toEqual(["r"]);
  expect(read(resource, pods)).toEqual({ connections: 20, topics: 4 });
  expect(asked).toEqual(["10.0.0.1 secret", "10.0.0.2 secret"]);
  await scheduler.advance(54_000);
  read(resource, pods);
  await scheduler.turn();
  expect(asked).toHaveLength(4);
  expect(changed).toEqual(["r"]);
});

test("one proxy that does not answer makes the sum unknown, never wrong", async () => {
  const { scheduler, read, unknown } = harness(async (address) => {
    if (address === "10.0.0.2") throw new Error("no answer");
    return { connections: 10, topics: 2 };
  });
  const pods = [pod("10.0.0.1"), pod("10.0.0.2")];
  read(resource, pods);
  await scheduler.turn();
  expect(read(resource, pods)).toBeUndefined();
  expect(unknown).toHaveLength(1);
});

test.each([
  ["no pods", "secret", []],
  ["no token", undefined, [pod("10.0.0.1")]],
])("%s: nothing is asked", async (_, token, pods) => {
  const asked: string[] = [];
  const scheduler = fakeScheduler();
  const read = createReadWorkload({
    secrets: secrets(token),
    ask: async (address) => {
      asked.push(address);
      return { connections: 1, topics: 1 };
    },
    now: scheduler.now,
    onChange: () => undefined,
    onUnknown: () => undefined,
  });
  expect(read(resource, pods)).toBeUndefined();
  await scheduler.turn();
  expect(asked).toEqual([]);
});
