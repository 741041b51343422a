import { expect, test } from "vitest";
import { type JournalSize, journalSize } from "./journal-size.ts";
import type { NatsPlan } from "./nats-plan.ts";

const managed = (sizeBytes: number): NatsPlan => ({
  kind: "managed",
  replicas: 1,
  size: "-",
  sizeBytes,
  volume: { kind: "claim" },
});
const external: NatsPlan = { kind: "external", servers: ["nats://n:4222"] };
const gib = 1_073_741_824;

const cases: readonly [string, NatsPlan, number | undefined, JournalSize][] = [
  ["three quarters of the volume", managed(2 * gib), undefined, { maxBytes: 1.5 * gib }],
  ["less, when the user wants less", managed(2 * gib), gib, { maxBytes: gib }],
  ["exactly the limit is not capped", managed(2 * gib), 1.5 * gib, { maxBytes: 1.5 * gib }],
  ["more is capped", managed(2 * gib), 2 * gib, { maxBytes: 1.5 * gib, capped: { wanted: 2 * gib } }],
  ["never more than the contract allows", managed(4_096 * gib), undefined, { maxBytes: 1_024 * gib }],
  ["never less than the contract allows", managed(1_000), undefined, { maxBytes: 1_048_576 }],
  ["an external NATS takes what the user says", external, gib, { maxBytes: gib }],
  ["or the proxy's default", external, undefined, {}],
];

test.each(cases)("%s", (_, nats, wanted, size) => expect(journalSize(nats, wanted)).toEqual(size));
