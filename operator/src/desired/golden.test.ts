import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import type { DesiredObject } from "../reconcile/ports.ts";
import { externalWithCredentials } from "../testing/alternatives.ts";
import { everythingSet, inputOf } from "../testing/resource.ts";
import { desired } from "./index.ts";

/** Dashboards are compared as the files that they come from; here only that they are there. */
const withoutDashboards = (object: DesiredObject): DesiredObject => {
  if (!object.metadata.name.endsWith("-dashboards")) return object;
  return { ...object, data: Object.fromEntries(Object.keys(object["data"] as object).map((key) => [key, "JSON"])) };
};

const yamlOf = (spec: unknown): string =>
  desired(inputOf(spec))
    .map(withoutDashboards)
    .map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }))
    .join("---\n");

describe("the objects of a RevenProx are, byte by byte, the golden ones", () => {
  test.each([
    ["empty", {}],
    ["one-replica", { replicas: 1 }],
    ["external-nats", externalWithCredentials],
    ["journal-off", { config: { journal: { enabled: false } } }],
    ["everything-set", everythingSet],
  ])("%s", async (name, spec) => {
    await expect(yamlOf(spec)).toMatchFileSnapshot(`golden/${name}.yaml`);
  });
});

test("the order in which a user writes keys changes nothing", () => {
  const backwards = (tree: unknown): unknown =>
    typeof tree === "object" && tree !== null && !Array.isArray(tree)
      ? Object.fromEntries(
          Object.entries(tree)
            .reverse()
            .map(([key, value]) => [key, backwards(value)]),
        )
      : tree;
  expect(desired(inputOf({ ...everythingSet, config: backwards(everythingSet.config) }))).toEqual(
    desired(inputOf(everythingSet)),
  );
});

test("no object names its own version or holds an undefined field", () => {
  const walk = (value: unknown, path: string): string[] => {
    if (value === undefined) return [path];
    if (typeof value !== "object" || value === null) return [];
    return Object.entries(value).flatMap(([key, inner]) => walk(inner, `${path}.${key}`));
  };
  for (const object of desired(inputOf(everythingSet))) {
    expect(walk(object, object.kind)).toEqual([]);
    expect(JSON.stringify(object)).not.toContain("app.kubernetes.io/version");
  }
});
