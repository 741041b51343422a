import { expect, test } from "vitest";
import type { KubernetesObject } from "../reconcile/ports.ts";
import { specOf } from "../testing/resource.ts";
import { type JournalVolume, type NatsPlanFacts, natsPlan } from "./nats-plan.ts";

const statefulSet = (volumeClaimTemplates?: readonly unknown[]): KubernetesObject => ({
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { name: "web-nats" },
  spec: { ...(volumeClaimTemplates === undefined ? {} : { volumeClaimTemplates }) },
});

const named = { managed: { storage: { className: "fast" } } };
const cases: readonly [string, unknown, NatsPlanFacts, JournalVolume][] = [
  ["a default class", {}, { defaultStorageClass: "standard", statefulSet: undefined }, { kind: "claim" }],
  ["no default class", {}, { defaultStorageClass: undefined, statefulSet: undefined }, { kind: "empty-dir" }],
  [
    "a named class",
    named,
    { defaultStorageClass: undefined, statefulSet: undefined },
    { kind: "claim", className: "fast" },
  ],
  [
    "a default class that came too late",
    {},
    { defaultStorageClass: "new", statefulSet: statefulSet() },
    { kind: "empty-dir" },
  ],
  [
    "a default class that has gone",
    {},
    { defaultStorageClass: undefined, statefulSet: statefulSet([{}]) },
    { kind: "claim" },
  ],
];

test.each(cases)("volume with %s", (_, nats, facts, volume) => {
  expect(natsPlan(specOf({ nats }), facts)).toEqual({
    kind: "managed",
    replicas: 1,
    size: "2Gi",
    sizeBytes: 2_147_483_648,
    volume,
  });
});
