import { expect, test } from "vitest";
import { configMapKind, podKind, type ResourceKind, replicaSetKind, revenproxKind } from "./kinds.ts";
import type { LiveObject } from "./object.ts";
import { liveObject } from "./testing/fakes.ts";
import { isOnlyOfStatus, keysOf } from "./triggers.ts";

const labelled = (kind: ResourceKind, instance: string) =>
  liveObject(kind, "x", { labels: { "app.kubernetes.io/instance": instance } });
const resource = (generation: number, more = {}) => liveObject(revenproxKind, "r", { generation, ...more });

test.each<[string, ResourceKind, LiveObject | undefined, LiveObject | undefined, string[]]>([
  ["a new resource", revenproxKind, undefined, resource(1), ["n/r"]],
  ["a changed spec", revenproxKind, resource(1), resource(2), ["n/r"]],
  ["a status patch", revenproxKind, resource(1), resource(1, { resourceVersion: "2" }), []],
  [
    "a deletion that waits",
    revenproxKind,
    resource(1),
    resource(1, { deletionTimestamp: "2026-11-23T00:00:00Z" }),
    ["n/r"],
  ],
  ["one that replaces another of its name", revenproxKind, resource(1), resource(1, { uid: "other" }), ["n/r"]],
  ["a child", configMapKind, undefined, labelled(configMapKind, "r"), ["n/r"]],
  [
    "a child that changed hands",
    configMapKind,
    labelled(configMapKind, "r"),
    labelled(configMapKind, "s"),
    ["n/r", "n/s"],
  ],
  [
    "a child that lost its labels",
    configMapKind,
    labelled(configMapKind, "r"),
    liveObject(configMapKind, "x"),
    ["n/r"],
  ],
  ["a new ReplicaSet", replicaSetKind, undefined, labelled(replicaSetKind, "r"), ["n/r"]],
  ["a ReplicaSet's status", replicaSetKind, labelled(replicaSetKind, "r"), labelled(replicaSetKind, "r"), []],
])("%s", (...[, kind, before, after, keys]) => {
  expect(keysOf({ kind, before, after })).toEqual(keys);
});

test.each<[ResourceKind, boolean]>([
  [podKind, true],
  [replicaSetKind, true],
  [configMapKind, false],
  [revenproxKind, false],
])("a change of a %o needs only a report: %s", (kind, only) => {
  expect(isOnlyOfStatus({ kind, before: undefined, after: labelled(kind, "r") })).toBe(only);
});

test("a pod that begins to drain, or is gone, may be what a roll-out waits for", () => {
  const there = labelled(podKind, "r");
  const leaving = { ...there, metadata: { ...there.metadata, deletionTimestamp: "2026-11-23T00:00:00Z" } };
  expect(isOnlyOfStatus({ kind: podKind, before: there, after: there })).toBe(true);
  expect(isOnlyOfStatus({ kind: podKind, before: there, after: leaving })).toBe(false);
  expect(isOnlyOfStatus({ kind: podKind, before: leaving, after: leaving })).toBe(true);
  expect(isOnlyOfStatus({ kind: podKind, before: leaving, after: undefined })).toBe(false);
});
