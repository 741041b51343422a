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
  expect(failureOf(ref, new KubeError(status, JSON.stringify({ message }), "PATCH /x"))).toMatchObject({ kind, ref });
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
