import { describe, expect, test } from "vitest";
import { configMapKind, podKind } from "./kinds.ts";
import { isOlderVersion, ObjectStore } from "./store.ts";
import { controlledBy, liveObject } from "./testing/fakes.ts";

const config = (name: string, resourceVersion: string, more = {}) =>
  liveObject(configMapKind, name, { resourceVersion, ...more });

const harness = () => {
  const changes: string[] = [];
  const store = new ObjectStore(({ before, after }) => {
    changes.push(`${before?.metadata.resourceVersion ?? "-"} > ${after?.metadata.resourceVersion ?? "-"}`);
  });
  return { store, changes };
};

describe("ObjectStore", () => {
  test("tells each change once, with what was before", () => {
    const { store, changes } = harness();
    store.put(configMapKind, config("a", "1"));
    store.put(configMapKind, config("a", "2"));
    store.put(configMapKind, config("a", "2"));
    store.remove(configMapKind, config("a", "3"));
    expect(changes).toEqual(["- > 1", "1 > 2", "2 > -"]);
  });

  test("an answer to our own write is not undone by a late watch event", () => {
    const { store } = harness();
    store.put(configMapKind, config("a", "10"));
    store.put(configMapKind, config("a", "9"));
    expect(store.get(configMapKind, "n", "a")?.metadata.resourceVersion).toBe("10");
  });

  test("a late answer does not bring a deleted object back, a new one of the name does", () => {
    const { store } = harness();
    store.put(configMapKind, config("a", "5"));
    store.remove(configMapKind, config("a", "8"));
    store.put(configMapKind, config("a", "7"));
    expect(store.get(configMapKind, "n", "a")).toBeUndefined();
    store.put(configMapKind, config("a", "9"));
    expect(store.get(configMapKind, "n", "a")).toBeDefined();
  });

  test("a late answer does not bring back what a list since then did not have, a later one does", () => {
    const { store } = harness();
    store.put(configMapKind, config("a", "3"));
    store.remove(configMapKind, config("a", "4"));
    store.replace(configMapKind, undefined, { objects: [config("b", "2")], version: "20" });
    store.put(configMapKind, config("a", "12"));
    expect(store.get(configMapKind, "n", "a")).toBeUndefined();
    store.put(configMapKind, config("a", "21"));
    expect(store.all(configMapKind)).toHaveLength(2);
    store.replace(configMapKind, undefined, { objects: [config("b", "2")], version: "30" });
    store.replace(configMapKind, undefined, { objects: [config("a", "21"), config("b", "2")], version: "40" });
    expect(store.all(configMapKind)).toHaveLength(2);
  });

  test("a late deletion of a former object does not remove its successor", () => {
    const { store } = harness();
    store.put(configMapKind, config("a", "9"));
    store.remove(configMapKind, config("a", "8"));
    expect(store.get(configMapKind, "n", "a")).toBeDefined();
  });

  test("a list removes what is not in it, save what is newer than the list or in another namespace", () => {
    const { store, changes } = harness();
    for (const [name, version] of [
      ["old", "1"],
      ["kept", "2"],
      ["newer", "30"],
    ] as const)
      store.put(configMapKind, config(name, version));
    store.put(configMapKind, config("elsewhere", "3", { namespace: "m" }));
    changes.length = 0;
    store.replace(configMapKind, "n", { objects: [config("kept", "2")], version: "20" });
    expect(store.all(configMapKind).map(({ metadata }) => metadata.name)).toEqual(["kept", "newer", "elsewhere"]);
    expect(changes).toEqual(["1 > -"]);
  });

  test("finds objects by their controller, also after it changed", () => {
    const { store } = harness();
    store.put(configMapKind, config("a", "1", controlledBy("u")));
    store.put(podKind, liveObject(podKind, "a", controlledBy("u")));
    expect(store.ownedBy("u")).toHaveLength(2);
    store.put(configMapKind, config("a", "2", controlledBy("v")));
    expect(store.ownedBy("u").map(({ kind }) => kind)).toEqual(["Pod"]);
    store.remove(podKind, liveObject(podKind, "a", { resourceVersion: "4" }));
    expect(store.ownedBy("u")).toEqual([]);
  });
});

test.each([
  ["9", "10", true],
  ["10", "9", false],
  ["10", "10", false],
  ["99999999999999999999", "100000000000000000000", true],
  ["abc", "1", false],
])("is %s older than %s: %s", (left, right, older) => {
  expect(isOlderVersion(left, right)).toBe(older);
});
