import fc from "fast-check";
import { expect, test } from "vitest";
import { gcra, type Rate } from "./gcra.ts";

/** Runs requests at these times through the limit; gives the times of those that were allowed. */
const allowedAt = (rate: Rate, times: readonly number[]): readonly number[] => {
  let arrival: number | undefined;
  return times.filter((now) => {
    const verdict = gcra(rate, arrival, now);
    if (verdict.kind === "allowed") arrival = verdict.arrival;
    return verdict.kind === "allowed";
  });
};

const rate = { limit: 5, windowMs: 1_000 };

test("the whole limit may come at once, and one more after each part of the window", () => {
  expect(allowedAt(rate, [0, 0, 0, 0, 0, 0, 199, 200, 201, 400])).toEqual([0, 0, 0, 0, 0, 200, 400]);
});

test("the time told is the time after which it works", () => {
  const verdict = gcra(rate, 1_000, 0);
  expect(verdict).toEqual({ kind: "limited", retryAfterMs: 200 });
  expect(gcra(rate, 1_000, 199).kind).toBe("limited");
  expect(gcra(rate, 1_000, 200).kind).toBe("allowed");
});

test("nobody is locked out for longer than a window, whatever is remembered", () => {
  expect(gcra(rate, 1e12, 0)).toEqual({ kind: "limited", retryAfterMs: 200 });
});

const rates = fc.record({ limit: fc.integer({ min: 1, max: 200 }), windowMs: fc.integer({ min: 1, max: 100_000 }) });
const gaps = fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 300 });
const timesOf = (list: readonly number[]): number[] => {
  let now = 0;
  return list.map((gap) => (now += gap));
};

test("in any stretch of time no more is allowed than the limit and what flows back in it", () => {
  fc.assert(
    fc.property(rates, gaps, (one, list) => {
      const allowed = allowedAt(one, timesOf(list));
      for (const [from, start] of allowed.entries()) {
        for (let to = from; to < allowed.length; to += 1) {
          const most = one.limit + ((allowed[to] ?? 0) - start) * (one.limit / one.windowMs);
          expect(to - from + 1).toBeLessThanOrEqual(most + 1e-3);
        }
      }
    }),
    { numRuns: 100 },
  );
});

test("who stays below the pace is never refused", () => {
  fc.assert(
    fc.property(rates, fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 200 }), (one, extra) => {
      const times = timesOf(extra.map((more) => one.windowMs / one.limit + more));
      expect(allowedAt(one, times)).toEqual(times);
    }),
  );
});
