import { expect, test } from "vitest";
import { jitteredRetry, runDrain, streamsToEnd } from "./drain.ts";
import { ManualClock } from "./testing/manual-clock.ts";

test.each([
  ["the stated rate", { open: 1_000, ratePerSec: 500, msLeft: 25_000, carried: 0 }, 50, 0],
  ["more when the time is short", { open: 1_000, ratePerSec: 1, msLeft: 1_000, carried: 0 }, 100, 0],
  ["a slow rate over several ticks", { open: 10, ratePerSec: 5, msLeft: 25_000, carried: 0 }, 0, 0.5],
  ["what was carried", { open: 10, ratePerSec: 5, msLeft: 25_000, carried: 0.5 }, 1, 0],
  ["all at the end", { open: 77, ratePerSec: 1, msLeft: 100, carried: 0 }, 77, 0],
  ["no more than there are", { open: 3, ratePerSec: 500, msLeft: 25_000, carried: 0 }, 3, 0],
])("ends %s", (_, pace, count, carried) => {
  expect(streamsToEnd(pace)).toEqual({ count, carried });
});

test.each([
  [0, 2_000],
  [0.5, 3_000],
  [0.999_99, 4_000],
])("a chance of %d makes a retry of %d", (chance, retry) => {
  expect(jitteredRetry(2_000, () => chance)).toBe(retry);
});

const drainOf = (streams: { open: number; closing?: number }, withinMs: number, ratePerSec: number) => {
  const clock = new ManualClock();
  const left = { closing: 0, ...streams };
  const ends: number[] = [];
  let done = false;
  const end = (count: number) => {
    ends.push(count);
    left.open -= count;
  };
  const drained = runDrain({ clock, withinMs, ratePerSec, open: () => left.open, closing: () => left.closing, end });
  drained.then(
    () => {
      done = true;
    },
    (fault: unknown) => expect.unreachable(String(fault)),
  );
  return { clock, left, ends, isDone: () => done };
};

test("keeps the pace and is done when the last stream is", async () => {
  const { clock, ends, isDone } = drainOf({ open: 1_000 }, 25_000, 500);
  await clock.advance(1_900);
  expect([ends.length, isDone()]).toEqual([20, true]);
  expect(new Set(ends)).toEqual(new Set([50]));
});

test("ends everything before the deadline even when the rate would not", async () => {
  const { clock, left, isDone } = drainOf({ open: 10_000 }, 3_000, 1);
  await clock.advance(2_950);
  expect([left.open, isDone()]).toEqual([0, true]);
});

test("waits for responses under way, but not beyond the deadline", async () => {
  const { clock, isDone } = drainOf({ open: 1, closing: 1 }, 2_000, 500);
  await clock.advance(1_900);
  expect(isDone()).toBe(false);
  await clock.advance(200);
  expect(isDone()).toBe(true);
});

test("is done at once when there is nobody", async () => {
  const { clock, isDone } = drainOf({ open: 0 }, 2_000, 500);
  await clock.settle();
  expect(isDone()).toBe(true);
});
