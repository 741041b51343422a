import { describe, expect, test } from "vitest";
import { claim, type LeaseRecord, moveOf, observe, surrender } from "./election.ts";

const at = new Date("2026-11-23T12:00:00Z");
const later = new Date("2026-11-23T12:00:05Z");
const record = (holder: string): LeaseRecord => ({
  holder,
  durationMs: 15_000,
  acquired: at,
  renewed: at,
  transitions: 3,
});
const seen = (holder: string, version = "1") => ({ record: record(holder), version });

describe("the move", () => {
  test.each([
    ["there is no Lease", undefined, 0, "create"],
    ["it was given up", seen(""), 0, "take"],
    ["it is ours", seen("me"), 60_000, "renew"],
    ["another one holds it", seen("other"), 14_999, "wait"],
    ["another one was silent for its duration", seen("other"), 15_000, "take"],
  ] as const)("when %s", (_, lease, silentMs, move) => {
    expect(moveOf({ lease, since: 1_000 }, "me", 1_000 + silentMs)).toBe(move);
  });
});

describe("silence", () => {
  test("is counted by our own clock from when we saw the last change", () => {
    const first = observe(undefined, seen("other"), 100);
    expect(observe(first, seen("other"), 900).since).toBe(100);
    expect(observe(first, seen("other", "2"), 900).since).toBe(900);
    expect(observe(undefined, undefined, 900)).toEqual({ lease: undefined, since: 900 });
  });

  test.each([
    ["its holder", "me", 0, "create"],
    ["others too soon", "other", 14_999, "wait"],
    ["others after its time", "other", 15_000, "create"],
  ] as const)("of a deleted Lease: %s", (_, holder, silentMs, move) => {
    const gone = observe(observe(undefined, seen(holder), 100), undefined, 900);
    expect(moveOf(gone, "me", 900 + silentMs)).toBe(move);
  });
});

describe("the record", () => {
  const options = { leaseMs: 15_000, wallClock: later };

  test("of a renewal keeps since when it is held", () => {
    expect(claim(record("me"), "me", options)).toMatchObject({ acquired: at, renewed: later, transitions: 3 });
  });

  test("of a new holder counts one transition more", () => {
    expect(claim(record("other"), "me", options)).toMatchObject({ holder: "me", acquired: later, transitions: 4 });
    expect(claim(undefined, "me", options)).toMatchObject({ holder: "me", transitions: 0 });
  });

  test("of a holder that leaves is nobody's", () => {
    expect(surrender(record("me"), later)).toMatchObject({ holder: "", transitions: 3, renewed: later });
  });
});
