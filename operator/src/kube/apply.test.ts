import { expect, test } from "vitest";
import { NotLeadingError } from "../leader/fence.ts";
import { resourceOf } from "../testing/resource.ts";
import { applyObject, failureOf } from "./apply.ts";
import { createDriftMemory } from "./drift-memory.ts";
import { KubeError } from "./kube-error.ts";
import { fakeServer } from "./testing/fakes.ts";

const ref = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };

test.each([
  [422, "spec.replicas: Invalid value", "refused"],
  [403, "exceeded quota", "refused"],
  [403, "create not allowed while custom resource definition is terminating", "failed"],
  [500, "failed to create typed patch object (default/web): duplicate entries for key", "refused"],
  [500, "etcdserver: request timed out", "failed"],
  [429, "too many requests", "failed"],
  [409, "the object has been modified", "failed"],
])("an answer %d, %s: %s", (status, message, kind) => {
  const told = kind === "refused" ? message : `PATCH /x: ${message}`;
  expect(failureOf(ref, new KubeError(status, JSON.stringify({ message }), "PATCH /x"))).toMatchObject({
    kind,
    ref,
    message: told,
  });
});

test.each([
  ["ends the pass where this operator leads no more", new NotLeadingError("no"), "rejected"],
  ["says that it failed where the API server is away", new Error("reset"), "failed"],
])("a write %s", async (_, error, wanted) => {
  const object = { apiVersion: "v1", kind: "Service", metadata: { name: "web", namespace: "apps" } };
  const { client } = fakeServer(() => {
    throw error;
  });
  const store = { get: () => undefined, put: () => undefined };
  const dependencies = { client, store, drift: createDriftMemory(), manager: "m", now: () => 0 };
  const outcome = await applyObject(dependencies, resourceOf({}), object).catch((thrown: unknown) => thrown);
  expect(outcome === error ? "rejected" : (outcome as { kind: string }).kind).toBe(wanted);
});

test.each([
  ["is left as it was where somebody else has made it in between", ["kubectl"], "failed", 2],
  ["is ours where controllers have written its status already", ["m"], "created", 1],
])("an object that was absent %s", async (_, managers, wanted, writes) => {
  const object = { apiVersion: "v1", kind: "Service", metadata: { name: "web", namespace: "apps" }, spec: { a: 1 } };
  const entries = managers.map((manager) => ({ manager, operation: "Update" }));
  const managedFields = [...entries, { manager: "kube", operation: "Update", subresource: "status" }];
  const bodies: unknown[] = [];
  const { client } = fakeServer(({ method, body }) => {
    if (method === "GET") throw new KubeError(404, "{}", "GET");
    bodies.push(body);
    return { ...object, metadata: { ...object.metadata, uid: "7", resourceVersion: "1", managedFields } };
  });
  const kept: unknown[] = [];
  const store = { get: () => undefined, put: (...each: unknown[]) => void kept.push(each) };
  const dependencies = { client, store, drift: createDriftMemory(), manager: "m", now: () => 0 };
  expect((await applyObject(dependencies, resourceOf({}), object)).kind).toBe(wanted);
  expect(bodies).toHaveLength(writes);
  expect(kept).toHaveLength(2 - writes);
  const nothing = { apiVersion: "v1", kind: "Service", metadata: { name: "web", namespace: "apps", uid: "7" } };
  if (writes > 1) expect(bodies.at(-1)).toEqual(nothing);
});
