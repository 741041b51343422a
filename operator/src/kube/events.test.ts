import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { revenproxSpec } from "@revenprox/contract/resource/spec";
import { expect, test } from "vitest";
import type { ResourceEvent } from "../reconcile/transitions.ts";
import { createEventRecorder } from "./events.ts";
import { KubeError } from "./kube-error.ts";
import { fakeServer } from "./testing/fakes.ts";

const resource: RevenProx = {
  apiVersion: "revenprox.io/v1alpha1",
  kind: "RevenProx",
  metadata: { name: "r", namespace: "n", uid: "u", generation: 1, resourceVersion: "1" },
  spec: revenproxSpec.parse({}),
};
const happened: ResourceEvent = { type: "Warning", reason: "DriftCorrected", message: "kubectl changed it" };
const state: ResourceEvent = { type: "Warning", reason: "NameConflict", message: "it is taken", lasting: true };

const harness = (answer: (method: string) => unknown = () => ({})) => {
  let now = 0;
  const lost: unknown[] = [];
  const bodies: unknown[] = [];
  const { client, calls } = fakeServer(({ method, body }) => {
    bodies.push(body);
    return answer(method);
  });
  const record = createEventRecorder({
    client,
    manager: "m",
    clock: () => new Date(now),
    onLost: (_, error) => lost.push(error),
  });
  const at = async (minute: number, event: ResourceEvent) => {
    now = minute * 60_000;
    await record(resource, event);
  };
  return { at, lost, bodies, methods: () => calls.map((call) => call.split(" ")[0]) };
};

test("an event that happens again raises the count of the first, and later is a new one", async () => {
  const { at, bodies, methods } = harness();
  for (const minute of [0, 1, 2, 13]) await at(minute, happened);
  expect(methods()).toEqual(["POST", "PATCH", "PATCH", "POST"]);
  expect(bodies[2]).toEqual({ count: 3, lastTimestamp: "1970-01-01T00:02:00Z" });
});

test("a state that lasts is told again only after ten minutes", async () => {
  const { at, methods } = harness();
  for (const minute of [0, 1, 5, 11]) await at(minute, state);
  expect(methods()).toEqual(["POST", "POST"]);
});

test("an event that has expired meanwhile is made anew", async () => {
  const { at, lost, methods } = harness((method) => {
    if (method === "PATCH") throw new KubeError(404, "{}", "PATCH");
    return {};
  });
  for (const minute of [0, 1]) await at(minute, happened);
  expect(methods()).toEqual(["POST", "PATCH", "POST"]);
  expect(lost).toEqual([]);
});

test("an event that cannot be written is told, and stops nothing", async () => {
  const fault = new KubeError(403, "{}", "POST");
  const { at, lost } = harness(() => {
    throw fault;
  });
  await at(0, happened);
  expect(lost).toEqual([fault]);
});
