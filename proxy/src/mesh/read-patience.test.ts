import { expect, test } from "vitest";
import { ReadPatience } from "./read-patience.ts";

const least = 500;

const after = (...events: readonly (number | "gave up")[]): number => {
  const patience = new ReadPatience();
  for (const event of events) {
    if (event === "gave up") patience.gaveUp(patience.waitMs(least), least);
    else patience.answered(event);
  }
  return patience.waitMs(least);
};

test.each<[string, readonly (number | "gave up")[], number]>([
  ["at first the least", [], 500],
  ["no less for quick answers", [2, 2, 2], 500],
  ["longer with each wait in vain", ["gave up", "gave up"], 2_000],
  ["not for ever", Array<"gave up">(9).fill("gave up"), 8_000],
  ["the least again once a quick server answers", ["gave up", "gave up", 3], 500],
  ["several times what slow answers take", ["gave up", "gave up", 1_600], 1_600],
  ["of slow answers that last, all of it", Array<number>(40).fill(1_000), 4_000],
])("%s", (_, events, expected) => {
  expect(after(...events)).toBeCloseTo(expected, -1);
});

test("many questions that were asked at once double it once", () => {
  const patience = new ReadPatience();
  for (let question = 0; question < 16; question += 1) patience.gaveUp(least, least);
  expect(patience.waitMs(least)).toBe(1_000);
});
