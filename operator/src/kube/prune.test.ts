import { expect, test } from "vitest";
import { configMapKind, optionalKinds, podKind, type ResourceKind, secretKind } from "./kinds.ts";
import { unneeded } from "./prune.ts";
import { liveObject } from "./testing/fakes.ts";

const ours = { labels: { "app.kubernetes.io/managed-by": "revenprox-operator" } };
const child = (kind: ResourceKind, name: string, more = {}) => liveObject(kind, name, { ...ours, ...more });
const cold = (name: string, minute: number) => ({
  ...child(configMapKind, name, { creationTimestamp: `2026-11-23T00:0${minute}:00Z` }),
  immutable: true,
});
const inOneSecond = (name: string, resourceVersion: string) => ({
  ...child(configMapKind, name, { creationTimestamp: "2026-11-23T00:00:00Z", resourceVersion }),
  immutable: true,
});
const mounting = (name: string) => ({ ...liveObject(podKind, "p"), spec: { volumes: [{ configMap: { name } }] } });
const desired = [child(configMapKind, "wanted")];

test.each([
  ["what is desired stays", [child(configMapKind, "wanted")], [], []],
  ["what is not goes", [child(optionalKinds.serviceMonitor, "m"), child(configMapKind, "c")], [], ["m", "c"]],
  [
    "what goes already is left alone",
    [child(configMapKind, "c", { deletionTimestamp: "2026-11-23T00:00:00Z" })],
    [],
    [],
  ],
  ["what does not carry our label stays", [liveObject(configMapKind, "c")], [], []],
  ["Secrets stay", [child(secretKind, "s")], [], []],
  [
    "of older cold configurations the newest stays",
    [cold("one", 1), cold("three", 3), cold("two", 2)],
    [],
    ["one", "two"],
  ],
  [
    "also of those made within one second",
    [inOneSecond("one", "99"), inOneSecond("two", "100"), inOneSecond("zero", "98")],
    [],
    ["one", "zero"],
  ],
  ["and those that a pod still mounts", [cold("one", 1), cold("two", 2), cold("three", 3)], [mounting("one")], ["two"]],
])("%s", (_, children, pods, gone) => {
  expect(unneeded(children, desired, pods).map(({ metadata }) => metadata.name)).toEqual(gone);
});
