import { expect } from "vitest";
import { turnsOf } from "./curve.ts";
import type { StepResult } from "./run-step.ts";

/** Up and back, within the bounds, and round only once. */
export const judge = ({ plan, samples, gaps }: StepResult): void => {
  const wanted = samples.map(({ desired }) => desired);
  expect(Math.min(...wanted)).toBe(plan.minReplicas);
  expect(Math.max(...wanted)).toBeGreaterThanOrEqual(4);
  // One more where the tolerance asks for it while streams move.
  expect(Math.max(...wanted)).toBeLessThanOrEqual(5);
  expect(wanted.at(-1)).toBe(plan.minReplicas);
  expect(turnsOf(samples)).toBe(1);
  expect(gaps).toBe(0);
};
