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
    wantedSize: "2Gi",
    storeBytes: 2_147_483_648,
    volume,
    tls: false,
  });
});

const claims = (storage: string) => statefulSet([{ spec: { resources: { requests: { storage } } } }]);
const emptyDir = (sizeLimit: string): KubernetesObject => ({
  ...statefulSet(),
  spec: { template: { spec: { volumes: [{ name: "config" }, { name: "journal", emptyDir: { sizeLimit } }] } } },
});
const gib = 1_073_741_824;

test.each<[string, Partial<NatsPlanFacts>, string, number]>([
  ["there is no StatefulSet yet", {}, "5Gi", 5 * gib],
  ["its StatefulSet has it", { statefulSet: claims("5Gi") }, "5Gi", 5 * gib],
  ["it is the same in other words", { statefulSet: claims("5120Mi") }, "5Gi", 5 * gib],
  ["the StatefulSet has less", { statefulSet: claims("2Gi") }, "2Gi", 2 * gib],
  ["an emptyDir has less", { statefulSet: emptyDir("2Gi") }, "2Gi", 2 * gib],
  ["file systems grow", { statefulSet: claims("2Gi"), journalVolumes: { grown: false } }, "2Gi", 2 * gib],
  [
    "file systems have grown: the servers may",
    { statefulSet: claims("2Gi"), journalVolumes: { grown: true } },
    "2Gi",
    5 * gib,
  ],
  ["a larger StatefulSet never shrinks", { statefulSet: claims("8Gi") }, "8Gi", 8 * gib],
  [
    "smaller volumes are left of another StatefulSet",
    { journalVolumes: { grown: false, kept: String(2 * gib) } },
    String(2 * gib),
    2 * gib,
  ],
  ["larger volumes are left", { journalVolumes: { grown: false, kept: String(8 * gib) } }, "5Gi", 5 * gib],
])("of 5Gi, when %s", (_, facts, size, storeBytes) => {
  const spec = specOf({ nats: { managed: { storage: { size: "5Gi", className: "fast" } } } });
  const plan = natsPlan(spec, { defaultStorageClass: undefined, statefulSet: undefined, ...facts });
  expect(plan).toMatchObject({ size, storeBytes, wantedSize: "5Gi" });
});

test("volumes that are left are taken again also where the default class has gone meanwhile", () => {
  const facts = { defaultStorageClass: undefined, statefulSet: undefined, journalVolumes: { grown: false, kept: "5" } };
  expect(natsPlan(specOf({}), facts)).toMatchObject({ volume: { kind: "claim" } });
});
