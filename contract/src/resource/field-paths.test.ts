import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { fieldPaths, revenproxFieldPaths, schemaSkew, withoutFields } from "./field-paths.ts";

interface Crd {
  readonly spec: {
    readonly versions: readonly [{ readonly schema: { readonly openAPIV3Schema: Record<string, unknown> } }];
  };
}

const crd = async (file: string) => {
  const text = await readFile(new URL(`../../../${file}`, import.meta.url), "utf8");
  return fieldPaths((parse(text) as Crd).spec.versions[0].schema.openAPIV3Schema);
};

test("this release's own CRD has all of its fields, and no other", async () => {
  const own = revenproxFieldPaths();
  expect(own.fields.size).toBeGreaterThan(300);
  expect(schemaSkew(own, await crd("crds/revenprox.yaml"))).toEqual({ missing: [], unknown: [] });
});

test("the CRD of the release before lacks what is new", async () => {
  const { missing, unknown } = schemaSkew(
    revenproxFieldPaths(),
    await crd("e2e/upgrade/charts/revenprox-0.1.0/files/revenprox-crd.yaml"),
  );
  expect(missing).toEqual(expect.arrayContaining(["spec.autoscaling", "spec.healing"]));
  expect(missing.filter((path) => path.startsWith("spec.autoscaling."))).toEqual([]);
  expect(unknown).toEqual([]);
});

const object = (spec: object) => fieldPaths({ properties: { spec } });
const leaf = { type: "string" };

test.each([
  ["a field", { properties: { a: leaf, b: leaf } }, { properties: { a: leaf } }, ["spec.b"]],
  ["the topmost of several", { properties: { a: { properties: { b: leaf } } } }, { properties: {} }, ["spec.a"]],
  [
    "in items",
    { properties: { a: { items: { properties: { b: leaf } } } } },
    { properties: { a: { items: {} } } },
    ["spec.a[].b"],
  ],
  [
    "below any key",
    { properties: { a: { additionalProperties: { properties: { b: leaf } } } } },
    { properties: { a: { additionalProperties: {} } } },
    ["spec.a.*.b"],
  ],
  [
    "nothing below what keeps all",
    { properties: { a: { items: { properties: { b: leaf } } } } },
    { properties: { a: { "x-kubernetes-preserve-unknown-fields": true } } },
    [],
  ],
])("missing: %s", (_, own, served, missing) => {
  expect(schemaSkew(object(own), object(served))).toEqual({ missing, unknown: [] });
  expect(schemaSkew(object(served), object(own)).unknown).toEqual(missing);
});

test("what a served schema lacks is taken out of a value, also within items", () => {
  const status = { replicas: 1, rollout: { from: "1" }, children: [{ name: "a", message: "m" }, { name: "b" }] };
  const missing = new Set(["status.rollout", "status.children[].message", "spec.replicas"]);
  expect(withoutFields(status, "status", missing)).toEqual({ replicas: 1, children: [{ name: "a" }, { name: "b" }] });
});
