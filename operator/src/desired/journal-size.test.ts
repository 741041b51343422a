import { expect, test } from "vitest";
import { type JournalSize, journalSize, type WantedJournal } from "./journal-size.ts";
import type { NatsPlan } from "./nats-plan.ts";

const managed = (sizeBytes: number): NatsPlan => ({
  kind: "managed",
  replicas: 1,
  size: "-",
  sizeBytes,
  wantedSize: "-",
  storeBytes: sizeBytes,
  tls: false,
  volume: { kind: "claim" },
});
const external: NatsPlan = { kind: "external", servers: ["nats://n:4222"] };
const gib = 1_073_741_824;

const cases: readonly [string, NatsPlan, WantedJournal, JournalSize][] = [
  ["two fifths of the volume, beside its mirror", managed(2.5 * gib), {}, { maxBytes: gib }],
  ["three quarters of it without a mirror", managed(2 * gib), { replayMirror: false }, { maxBytes: 1.5 * gib }],
  ["less, when the user wants less", managed(5 * gib), { maxBytes: gib }, { maxBytes: gib }],
  ["exactly the limit is not capped", managed(5 * gib), { maxBytes: 2 * gib }, { maxBytes: 2 * gib }],
  ["more is capped", managed(5 * gib), { maxBytes: 3 * gib }, { maxBytes: 2 * gib, capped: { wanted: 3 * gib } }],
  ["never more than the contract allows", managed(4_096 * gib), {}, { maxBytes: 1_024 * gib }],
  ["never less than the contract allows", managed(1_000), {}, { maxBytes: 1_048_576 }],
  ["an external NATS takes what the user says", external, { maxBytes: gib }, { maxBytes: gib }],
  ["or the proxy's default", external, {}, {}],
];

test.each(cases)("%s", (_, nats, wanted, size) => expect(journalSize(nats, wanted)).toEqual(size));

test("journal and mirror together stay below what JetStream may fill", () => {
  const { maxBytes = Number.NaN } = journalSize(managed(10 * gib), {});
  expect(2 * maxBytes).toBeLessThanOrEqual(0.9 * 10 * gib);
});
