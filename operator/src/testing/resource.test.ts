import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { desired } from "../desired/index.ts";
import { externalWithCredentials, scaledByCpu, scaledByKeda, scaledByStreams } from "./alternatives.ts";
import { everythingSet, inputOf } from "./resource.ts";

type Tree = { [key: string]: unknown };

const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null && !Array.isArray(value);

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** Every field of a schema, `[]` standing for the items of a list. */
const schemaPaths = (schema: Schema, path = ""): readonly string[] => [
  ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    `${path}.${name}`,
    ...schemaPaths(field, `${path}.${name}`),
  ]),
  ...(schema.items === undefined ? [] : schemaPaths(schema.items, `${path}[]`)),
];

const valuePaths = (value: unknown, path = ""): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap((item) => valuePaths(item, `${path}[]`));
  if (!isTree(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => [`${path}.${name}`, ...valuePaths(inner, `${path}.${name}`)]);
};

/** What cannot stand beside what `everythingSet` has. */
const others = [
  externalWithCredentials,
  scaledByStreams,
  scaledByCpu,
  scaledByKeda,
  { podDisruptionBudget: { minAvailable: 1 } },
  { rollout: { drainWindowSeconds: 90, streamsPerSecond: 100 } },
];

test("every field of the CRD's spec is set somewhere", () => {
  const crd = parse(readFileSync(new URL("../../../crds/revenprox.yaml", import.meta.url), "utf8")) as {
    spec: { versions: { schema: { openAPIV3Schema: { properties: { spec: Schema } } } }[] };
  };
  const spec = crd.spec.versions[0]?.schema.openAPIV3Schema.properties.spec ?? {};
  const set = new Set([everythingSet, ...others].flatMap((each) => valuePaths(each)));
  // One kind of peer is like another: fields of a list's items count wherever a list of such items has them.
  const itemFields = new Set([...set].map((path) => path.slice(path.lastIndexOf("[]"))));
  const unset = schemaPaths(spec).filter(
    (path) => !set.has(path) && !itemFields.has(path.slice(path.lastIndexOf("[]"))),
  );
  expect(unset).toEqual([]);
});

/** Paths as lists of keys, to every value that is no object or list. */
const leaves = (value: unknown, path: readonly string[] = []): readonly (readonly string[])[] => {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
};

const changed = (value: unknown): unknown => {
  if (typeof value === "boolean") return !value;
  return typeof value === "number" ? value + 1 : `${String(value)}x`;
};

/** The tree without the leaf, or with another value there. */
const edited = (tree: unknown, [key = "", ...rest]: readonly string[], edit: (value: unknown) => unknown): unknown => {
  const entries = Object.entries(tree as object).flatMap(([name, value]): [string, unknown][] => {
    if (name !== key) return [[name, value]];
    const next = rest.length === 0 ? edit(value) : edited(value, rest, edit);
    return next === undefined ? [] : [[name, next]];
  });
  return Array.isArray(tree) ? entries.map(([, value]) => value) : Object.fromEntries(entries);
};

const rendered = (spec: unknown): string | undefined => {
  try {
    return JSON.stringify(desired(inputOf(spec)));
  } catch {
    // No spec that the API server would take.
    return undefined;
  }
};

/** The first shows only with what an earlier pass wrote (images.test.ts), the others lose against labels of ours. */
const elsewhere = new Set([
  "upgradePolicy",
  "monitoring.labels.app",
  "pod.labels.app",
  // When the operator replaces a pod: operator/src/healing.
  "healing.enabled",
  "healing.maxReplacementsPerHour",
  "healing.afterSeconds",
  // What the operator asks running pods for: operator/src/rollout/rebalance.test.ts.
  "rollout.rebalance.enabled",
  "rollout.rebalance.differencePercent",
  "rollout.rebalance.afterSeconds",
]);

test("every field that is set changes what is made", () => {
  const before = rendered(everythingSet);
  const idle = leaves(everythingSet).filter((path) => {
    if (elsewhere.has(path.join("."))) return false;
    const attempts = [() => undefined, changed].flatMap((edit) => rendered(edited(everythingSet, path, edit)) ?? []);
    // None: it is required, and has a form of its own.
    return attempts.length > 0 && attempts.every((each) => each === before);
  });
  expect(idle.map((path) => path.join("."))).toEqual([]);
});
