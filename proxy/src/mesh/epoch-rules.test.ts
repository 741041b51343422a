import { describe, expect, it } from "vitest";
import { decideEpoch, type EpochView, type JournalFacts } from "./epoch-rules.ts";

const now = 2_000_000;
const known: EpochView = { record: { epoch: 1_000, after: 0, sequence: 50 }, confirmedAt: now - 5_000, highest: 60 };
const stranger: EpochView = { record: undefined, confirmedAt: 0, highest: 0 };
const facts = (changes: Partial<JournalFacts>): JournalFacts => ({
  record: { epoch: 1_000, after: 0, sequence: 50 },
  subjectSequence: changes.record?.sequence ?? 50,
  firstSequence: 1,
  lastSequence: 60,
  ...changes,
});
const absent = { record: undefined, subjectSequence: 0 };

describe("decideEpoch", () => {
  it("keeps the known epoch while the journal goes on", () => {
    const record = { epoch: 1_000, after: 0, sequence: 70 };
    expect(decideEpoch(known, facts({ record, lastSequence: 80 }), now)).toEqual({ kind: "keep", record });
  });

  it("takes over an epoch when it knows none", () => {
    const { record } = facts({});
    expect(decideEpoch(stranger, facts({}), now)).toEqual({ kind: "adopt", record, restarted: undefined });
  });

  it.each([
    ["names an empty journal", stranger, { ...absent, firstSequence: 0, lastSequence: 0 }, { epoch: now, after: 0 }],
    ["names a journal that lost its record", stranger, { ...absent, lastSequence: 9 }, { epoch: now, after: 9 }],
    ["names a wiped journal anew", known, { ...absent, firstSequence: 0, lastSequence: 0 }, { epoch: now, after: 0 }],
    [
      "names a wiped journal anew that got events meanwhile",
      known,
      { ...absent, firstSequence: 1, lastSequence: 100 },
      { epoch: now, after: 0 },
    ],
    [
      "writes the record again that a full journal pushed out moments ago",
      known,
      { ...absent, firstSequence: 55, lastSequence: 100 },
      { epoch: 1_000, after: 0 },
    ],
    [
      "names a journal anew whose record expired long ago, as one that goes on",
      { ...known, confirmedAt: now - 3_600_000 },
      { ...absent, firstSequence: 55, lastSequence: 100 },
      { epoch: now, after: 100 },
    ],
    ["names an older copy anew", known, { lastSequence: 59 }, { epoch: now, after: 0, keptTo: 59, expected: 50 }],
    [
      "names a copy of an older epoch anew",
      known,
      { record: { epoch: 900, after: 0, sequence: 7 }, lastSequence: 100 },
      { epoch: now, after: 0, keptTo: 0, expected: 7 },
    ],
    [
      "names a copy of an older epoch anew, whose entries the known one had taken over",
      { ...known, record: { epoch: 1_000, after: 40, sequence: 50 } },
      { record: { epoch: 900, after: 0, sequence: 7 }, lastSequence: 45 },
      { epoch: now, after: 0, keptTo: 40, expected: 7 },
    ],
    [
      "overwrites a record that cannot be read",
      known,
      { record: undefined, subjectSequence: 61, lastSequence: 61, firstSequence: 1 },
      { epoch: now, expected: 61 },
    ],
  ])("%s", (_, view, changes, expected) => {
    const decision = decideEpoch(view, facts(changes), now);
    expect(decision).toMatchObject({ kind: "write", ...expected });
  });

  it.each([
    ["a wiped journal", { epoch: 1_500, after: 0, sequence: 1 }, 3, true],
    ["a wiped journal that has overtaken", { epoch: 1_500, after: 0, sequence: 1 }, 500, true],
    ["a journal whose record expired", { epoch: 1_500, after: 65, sequence: 66 }, 500, false],
    ["a step back, whatever the record claims", { epoch: 1_500, after: 65, sequence: 20 }, 20, true],
  ])("takes over what another proxy named: %s", (_, record, lastSequence, restarted) => {
    expect(decideEpoch(known, facts({ record, lastSequence }), now)).toEqual({ kind: "adopt", record, restarted });
  });

  it("never goes back to an earlier epoch, though clocks do", () => {
    const early = decideEpoch(known, facts({ ...absent, firstSequence: 0, lastSequence: 0 }), 10);
    expect(early).toMatchObject({ kind: "write", epoch: 1_001 });
  });
});
