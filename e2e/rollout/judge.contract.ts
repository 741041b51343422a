import { expect } from "vitest";
import type { RolloutResult } from "./run-rollout.ts";

/** Seconds of its pace that a pod may end at once, when its drain begins. */
const tick = 0.1;
/** Pods that drain one after the other within ten seconds: the end of one, a short one, and the beginning of a third. */
const podsInTen = 3;

/** Fails where clients lost, doubled or were refused anything, or streams moved faster than they may. */
export const judge = ({ plan, verdict, replaced, scaled, spread, podsAtOnce, lagSeconds }: RolloutResult): void => {
  const streams = plan.topics * plan.readersPerTopic;
  expect(verdict).toMatchObject({ lost: 0, doubled: 0, disordered: 0, gaps: 0, refusedTwice: 0 });
  expect(verdict.published).toBeGreaterThan(100);
  expect(podsAtOnce).toBe(1);
  // What a held-up process sees at once had come before: over ten seconds and the hold-up the pace must have been kept.
  const most = plan.pace * (10 + lagSeconds + podsInTen * tick);
  expect(verdict.endsInTen).toBeLessThanOrEqual(most);
  expect(verdict.reconnectsInTen).toBeLessThanOrEqual(most);
  // All pods were replaced, so each stream moved at least once; the status tells what the clients saw, as of the
  // pods' last words.
  expect(replaced.streamsMoved).toBeGreaterThanOrEqual(streams);
  expect([replaced, scaled, spread].map(({ streamsLost }) => streamsLost)).toEqual([0, 0, 0]);
  // What two full pods have above the mean of three.
  expect(spread.streamsMoved).toBeGreaterThan(streams / 6);
  expect(spread.streamsMoved).toBeLessThanOrEqual(streams / 2);
  const told = (replaced.streamsMoved + scaled.streamsMoved + spread.streamsMoved) / verdict.ends;
  expect(told).toBeGreaterThan(0.97);
  expect(told).toBeLessThan(1.03);
};
