import { expect, test } from "vitest";
import { ManualClock } from "../hub/testing/manual-clock.ts";
import { type EndReason, LiveGrants, type Recheck } from "./live-grants.ts";

const graceMs = 10_000;

const watching = (answers: readonly Recheck[] = [], checksPerSec = 1_000) => {
  const clock = new ManualClock();
  const began = clock.now();
  const grants = new LiveGrants({ clock, checksPerSec: () => checksPerSec, graceMs });
  const ends: [EndReason, number][] = [];
  const checks: number[] = [];
  const check = async (): Promise<Recheck> => {
    checks.push(clock.now() - began);
    return answers[checks.length - 1] ?? answers.at(-1) ?? { kind: "denied" };
  };
  const watch = (untilMs: number | undefined, freshMs: number): { release(): void } =>
    grants.watch(
      { until: untilMs === undefined ? undefined : began + untilMs, freshUntil: began + freshMs },
      { check },
      { end: (reason) => void ends.push([reason, clock.now() - began]) },
    );
  return { clock, began, ends, checks, watch };
};

test("a stream ends within a tick of its token's end, without being asked about", async () => {
  const { clock, ends, checks, watch } = watching();
  watch(5_100, 5_100);
  await clock.advance(5_099);
  expect(ends).toEqual([]);
  await clock.advance(500);
  expect(ends.map(([reason]) => reason)).toEqual(["expired"]);
  expect(ends[0]?.[1]).toBeLessThanOrEqual(5_600);
  expect(checks).toEqual([]);
});

test("a renewed verdict lets a stream go on, until one denies", async () => {
  const until = undefined;
  const { clock, began, ends, checks, watch } = watching([
    { kind: "allowed", until, freshUntil: 0 },
    { kind: "denied" },
  ]);
  watch(until, 3_000);
  expect(began).toBeGreaterThan(0);
  await clock.advance(3_500);
  expect([checks.length, ends.length]).toEqual([1, 0]);
  await clock.advance(2_000);
  expect(ends.map(([reason]) => reason)).toEqual(["denied"]);
});

test("a stream that cannot be checked lives on for the grace time, and no longer", async () => {
  const { clock, ends, watch } = watching([{ kind: "unavailable", retryAfterSec: 2 }]);
  watch(undefined, 1_000);
  await clock.advance(graceMs);
  expect(ends).toEqual([]);
  await clock.advance(3_000);
  expect(ends.map(([reason]) => reason)).toEqual(["unavailable"]);
});

test("a verifier that comes back within the grace time ends it", async () => {
  const { clock, ends, watch } = watching([
    { kind: "unavailable", retryAfterSec: 2 },
    { kind: "allowed", until: undefined, freshUntil: Number.POSITIVE_INFINITY },
  ]);
  watch(undefined, 1_000);
  await clock.advance(10 * graceMs);
  expect(ends).toEqual([]);
});

test("checks are paced, and ends are not held up by them", async () => {
  const { clock, ends, checks, watch } = watching(
    [{ kind: "allowed", until: undefined, freshUntil: Number.POSITIVE_INFINITY }],
    8,
  );
  for (let n = 0; n < 100; n += 1) watch(undefined, 1_000);
  for (let n = 0; n < 100; n += 1) watch(2_000, 2_000);
  await clock.advance(3_000);
  expect(ends).toHaveLength(100);
  expect(checks.length).toBeGreaterThan(10);
  expect(checks.length).toBeLessThan(25);
});

test("a closed stream is neither checked nor ended, and the timer stops with the last one", async () => {
  const { clock, ends, checks, watch } = watching();
  watch(2_000, 1_000).release();
  await clock.advance(5_000);
  expect([ends, checks, clock.pendingTimers]).toEqual([[], [], 0]);
});
