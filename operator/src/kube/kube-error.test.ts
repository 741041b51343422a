import { expect, test } from "vitest";
import { isEndOfNamespace, KubeError, KubeUnreachableError } from "./kube-error.ts";

const terminating = { causes: [{ reason: "NamespaceTerminating", message: "namespace n is being terminated" }] };

test.each([
  ["a namespace that is being terminated", 403, { reason: "Forbidden", details: terminating }, true],
  ["a namespace that is gone", 404, { reason: "NotFound", details: { kind: "namespaces", name: "n" } }, true],
  ["a right that is missing", 403, { reason: "Forbidden", details: { kind: "deployments", name: "web" } }, false],
  ["an object that is gone", 404, { reason: "NotFound", details: { kind: "deployments", name: "web" } }, false],
  ["a kind that is not served", 404, { reason: "NotFound", details: {} }, false],
  ["an answer of something before the API server", 404, "not found", false],
])("the end of a namespace: %s", (_, status, body, ends) => {
  expect(isEndOfNamespace(new KubeError(status, JSON.stringify(body), "POST /x"))).toBe(ends);
});

test("a connection that broke says nothing of a namespace", () => {
  expect(isEndOfNamespace(new KubeUnreachableError("reset"))).toBe(false);
});

test.each([
  ["a quantity that is none", 500, "failed to convert new object (default/web; apps/v1, Kind=Deployment)", true],
  ["two items of one key", 500, "failed to create typed patch object (default/web; apps/v1, Kind=Deployment)", true],
  ["trouble of the API server's own", 500, "etcdserver: request timed out", false],
  ["an object that breaks a rule", 422, "spec.replicas: Invalid value", false],
])("what was sent is malformed: %s", (_, status, message, malformed) => {
  expect(new KubeError(status, JSON.stringify({ message }), "PATCH /x").malformed).toBe(malformed);
});
