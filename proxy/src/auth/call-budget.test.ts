import { expect, test } from "vitest";
import { CallBudget } from "./call-budget.ts";

const budgetAt = (perSec: number) => {
  const clock = { ms: 0 };
  return { clock, budget: new CallBudget({ perSec: () => perSec, now: () => clock.ms }) };
};

const taken = (budget: CallBudget, name: string, known: boolean, tries: number): number => {
  let count = 0;
  for (let n = 0; n < tries; n += 1) {
    const release = budget.take({ name, known });
    release?.leave();
    if (release !== undefined) count += 1;
  }
  return count;
};

test("an unknown address gets a quarter, all unknown ones half, known tokens the rest", () => {
  const { budget } = budgetAt(100);
  expect(taken(budget, "a", false, 200)).toBe(25);
  expect(taken(budget, "b", false, 200)).toBe(25);
  expect(taken(budget, "c", false, 200)).toBe(0);
  expect(taken(budget, "t1", true, 200)).toBe(50);
  expect(taken(budget, "t2", true, 200)).toBe(0);
});

test("it refills by time, up to one second's worth", () => {
  const { budget, clock } = budgetAt(100);
  taken(budget, "a", false, 200);
  clock.ms = 100;
  expect(taken(budget, "a", false, 200)).toBe(2);
  clock.ms = 60_000;
  expect(taken(budget, "a", false, 200)).toBe(25);
});

test("calls under way are bounded, whatever the rate, and unknown ones leave room", () => {
  const { budget } = budgetAt(1_000_000);
  const take = (name: string, known: boolean) => budget.take({ name, known });
  const first = Array.from({ length: 600 }, () => take("a", false)).filter((release) => release !== undefined);
  expect(first).toHaveLength(128);
  expect(Array.from({ length: 600 }, (_, n) => take(`b${n}`, false)).filter(Boolean)).toHaveLength(128);
  expect(take("t", true)).toBeDefined();
  first[0]?.leave();
  expect(take("a", false)).toBeDefined();
});

test("a rate of one still lets one through each second", () => {
  const { budget, clock } = budgetAt(1);
  expect(taken(budget, "a", false, 5)).toBe(1);
  clock.ms = 10_000;
  expect(taken(budget, "a", false, 5)).toBe(1);
  expect(budget.takeAgain()).toBe(false);
});
