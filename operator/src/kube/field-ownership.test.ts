import { describe, expect, test } from "vitest";
import { listsAround, lostFields } from "./field-ownership.ts";
import type { JsonObject } from "./object.ts";

const desired: JsonObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d", namespace: "n", uid: "u", labels: { a: "b" } },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "x" } },
    template: {
      spec: {
        automountServiceAccountToken: false,
        containers: [
          { name: "p", args: ["a"], env: [{ name: "E", value: "" }], ports: [{ containerPort: 80, name: "http" }] },
        ],
      },
    },
  },
};

const container = {
  ".": {},
  "f:name": {},
  "f:args": {},
  "f:env": { 'k:{"name":"E"}': { ".": {}, "f:name": {}, "f:value": {} } },
  "f:ports": { 'k:{"containerPort":80,"protocol":"TCP"}': { ".": {}, "f:containerPort": {}, "f:name": {} } },
};
const podSpec = { "f:automountServiceAccountToken": {}, "f:containers": { 'k:{"name":"p"}': container } };
const fields = (pod: JsonObject = podSpec, spec: JsonObject = { "f:replicas": {}, "f:selector": {} }): JsonObject => ({
  "f:metadata": { "f:labels": { "f:a": {} } },
  "f:spec": { ...spec, "f:template": { "f:spec": pod } },
});
const entry = (fieldsV1: JsonObject) => ({ manager: "m", operation: "Apply", fieldsV1 });

describe("lostFields", () => {
  test.each([
    ["nothing when all is listed, atomic and defaulted parts too", fields(), []],
    ["a scaled Deployment", fields(podSpec, { "f:selector": {} }), [".spec.replicas"]],
    [
      "a removed field",
      fields({ "f:containers": { 'k:{"name":"p"}': container } }),
      [".spec.template.spec.automountServiceAccountToken"],
    ],
    [
      "an atomic list somebody added to",
      fields({ ...podSpec, "f:containers": { 'k:{"name":"p"}': { ...container, "f:args": undefined } as never } }),
      [".spec.template.spec.containers[p].args"],
    ],
    [
      "an item of a keyed list",
      fields({ ...podSpec, "f:containers": { 'k:{"name":"other"}': container } }),
      [".spec.template.spec.containers[p]"],
    ],
  ])("%s", (_, owned, lost) => {
    expect(lostFields(desired, [entry(owned)])).toEqual(lost);
  });

  test("an object without our entry has lost everything", () => {
    expect(lostFields({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" }, data: { a: "b" } }, [])).toEqual([
      ".data",
    ]);
  });

  test("entries of two API versions count together", () => {
    const parts = [entry({ "f:data": { "f:a": {} } }), entry({ "f:data": { "f:b": {} } })];
    expect(lostFields({ data: { a: "1", b: "2" } }, parts)).toEqual([]);
  });

  test("members of a set are matched by value", () => {
    const owned = entry({ "f:metadata": { "f:finalizers": { 'v:"x"': {} } } });
    expect(lostFields({ metadata: { finalizers: ["x", "y"] } }, [owned])).toEqual([".metadata.finalizers[y]"]);
  });
});

test.each<[string, readonly string[], JsonObject | undefined]>([
  ["no lost field is in a list", [".spec.replicas", ".metadata.labels.a.b/c"], undefined],
  ["a list is given whole, once", [".spec.l[x]", ".spec.l[y].z", ".spec.r"], { spec: { l: [{ name: "x" }] } }],
  ["a list is lost as a whole", [".spec.l"], { spec: { l: [{ name: "x" }] } }],
  ["lists of several places", [".spec.l[x]", ".spec.t.m[1]"], { spec: { l: [{ name: "x" }], t: { m: [1] } } }],
])("lists to write whole: %s", (_, lost, lists) => {
  expect(listsAround({ spec: { r: 1, l: [{ name: "x" }], t: { m: [1], n: 2 } } }, lost)).toEqual(lists);
});
