import { expect, test } from "vitest";
import { nextRate, type SteppingRules, searchMaximum } from "./stepping.ts";

const rules: SteppingRules = { start: 100, factor: 1.5, resolution: 1.1, attempts: 2, maxSteps: 40 };
const pass = (rate: number) => ({ rate, passed: true });
const fail = (rate: number) => ({ rate, passed: false });

test.each([
  ["begins at the start", [], 100],
  ["goes up while all passes", [pass(100)], 150],
  ["takes longer strides when much passes", [pass(100), pass(150)], 337.5],
  ["tries a failed rate again", [pass(100), fail(150)], 150],
  ["goes between what passed and what failed twice", [pass(100), fail(225), fail(225)], 150],
  ["goes down while nothing passes", [fail(225), fail(225)], 100],
  ["takes the second try", [pass(100), fail(150), pass(150)], 337.5],
  ["ends when both are close", [pass(100), fail(110), fail(110)], undefined],
  ["a failure below what passed since was a hiccup", [fail(90), fail(90), pass(100)], 150],
])("%s", (_, steps, expected) => {
  expect(nextRate(rules, steps)).toBe(expected);
});

test("ends after the most steps", () => {
  expect(nextRate({ ...rules, maxSteps: 2 }, [pass(100), pass(150)])).toBeUndefined();
});

test.each([3, 70, 100, 1_234, 90_000])("finds a limit of %d within the resolution", async (limit) => {
  const { best, tried } = await searchMaximum(rules, async (rate) => ({ passed: rate <= limit, asked: rate }));
  expect(best?.rate).toBeLessThanOrEqual(limit);
  expect(best?.rate).toBeGreaterThan(limit / 1.1);
  expect([best?.asked, tried.length < 40]).toEqual([best?.rate, true]);
});

test("finds nothing where nothing passes, and ends", async () => {
  const { best, tried } = await searchMaximum({ ...rules, maxSteps: 9 }, async () => ({ passed: false }));
  expect([best, tried.length]).toEqual([undefined, 9]);
});
