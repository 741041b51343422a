import { expect, test } from "vitest";
import { startOf } from "./resume.ts";

const known = { epoch: 5, sequence: 100 };

test.each([
  [undefined, false, { kind: "head" }],
  ["", false, { kind: "head" }],
  ["5-040", false, { kind: "after", sequence: 40 }],
  ["5-100", false, { kind: "after", sequence: 100 }],
  ["5-000", false, { kind: "after", sequence: 0 }],
  ["5-101", false, { kind: "ask" }],
  ["5-101", true, { kind: "gap", from: "5-101", reason: "future" }],
  ["4-040", false, { kind: "gap", from: "4-040", reason: "reset" }],
  ["6-001", false, { kind: "ask" }],
  ["6-999", true, { kind: "gap", from: "6-999", reason: "reset" }],
  ["nonsense", false, { kind: "gap", from: null, reason: "invalid" }],
])("%j, journal asked: %s", (lastEventId, confirmed, start) => {
  expect(startOf(lastEventId, known, confirmed)).toEqual(start);
});
