import { expect, test } from "vitest";
import { mostWithin, type ReaderRecord, verdictOf } from "./verdict.ts";

const reader = (changes: Partial<ReaderRecord> = {}): ReaderRecord => ({
  reader: 0,
  topic: 0,
  received: [1, 2, 3],
  gaps: 0,
  endedAt: [],
  reopenedAt: [],
  refusedInARow: 0,
  refused: 0,
  ...changes,
});

const clean = { lost: 0, doubled: 0, disordered: 0, gaps: 0, refusedTwice: 0 };

test.each<[string, Partial<ReaderRecord>, Partial<ReturnType<typeof verdictOf>>]>([
  ["nothing amiss", {}, {}],
  ["a lost event", { received: [1, 3] }, { lost: 1 }],
  ["a lost last one", { received: [1, 2] }, { lost: 1 }],
  ["nothing at all", { received: [] }, { lost: 3 }],
  ["a doubled one", { received: [1, 2, 2, 3] }, { doubled: 1 }],
  ["one again after others", { received: [1, 2, 3, 1] }, { doubled: 1 }],
  ["a late one", { received: [1, 3, 2] }, { disordered: 1 }],
  ["a gap", { gaps: 1 }, { gaps: 1 }],
  ["refused once now and then", { refused: 5, refusedInARow: 1 }, { refused: 5 }],
  ["refused twice in a row", { refused: 2, refusedInARow: 2 }, { refusedTwice: 1 }],
])("finds %s", (_, changes, found) => {
  expect(verdictOf([reader(changes)], [3])).toMatchObject({ ...clean, ...found });
});

test("readers are judged by their own topics", () => {
  expect(verdictOf([reader(), reader({ topic: 1, received: [1] })], [3, 1])).toMatchObject({
    ...clean,
    readers: 2,
    published: 4,
    delivered: 4,
  });
});

test("counts the most within any window, whatever the order", () => {
  expect(mostWithin([], 1_000)).toBe(0);
  expect(mostWithin([5_000, 0, 999, 1_000, 1_998], 1_000)).toBe(3);
  const times = Array.from({ length: 100 }, (_, index) => index * 20);
  expect(mostWithin(times, 1_000)).toBe(50);
  expect(verdictOf([reader({ endedAt: times, reopenedAt: times })], [3])).toMatchObject({
    endsInASecond: 50,
    reconnectsInASecond: 50,
    endsInTen: 100,
    reconnectsInTen: 100,
  });
});
