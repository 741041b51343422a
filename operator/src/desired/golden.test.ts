import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { everythingSet, externalWithCredentials, inputOf } from "../testing/resource.ts";
import { desired } from "./index.ts";

const yamlOf = (spec: unknown): string =>
  desired(inputOf(spec))
    .map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }))
    .join("---\n");

describe("the objects of a RevenProx are, byte by byte, the golden ones", () => {
  test.each([
    ["empty", {}],
    ["one-replica", { replicas: 1 }],
    ["external-nats", externalWithCredentials],
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
