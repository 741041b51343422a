import { expect, test } from "vitest";
import { ManualClock } from "../hub/testing/manual-clock.ts";
import { type Guarded, GuardedCalls } from "./guarded-calls.ts";

const guarded = (retries: number) => {
  const clock = new ManualClock();
  const began = clock.now();
  const calls = new GuardedCalls({ threshold: 2, openForMs: 1_000, retries: () => retries, clock });
  const attempts: [attempt: number, ms: number][] = [];
  /** A call of which so many attempts fail. */
  const run = (failures: number): Promise<Guarded<string>> =>
    calls.run((attempt) => {
      attempts.push([attempt, clock.now() - began]);
      return attempt < failures ? Promise.reject(new Error(`no ${attempt}`)) : Promise.resolve("yes");
    });
  return { clock, calls, attempts, run };
};

test("an attempt that fails is repeated later and later, and the call is one that went well", async () => {
  const { clock, calls, attempts, run } = guarded(4);
  const asked = run(4);
  await clock.advance(2_000);
  expect(await asked).toEqual({ kind: "answer", answer: "yes" });
  expect(attempts).toEqual([
    [0, 0],
    [1, 100],
    [2, 300],
    [3, 600],
    [4, 900],
  ]);
  expect(calls.open).toBe(false);
});

test("a call that fails tells its last error; the breaker counts calls, not attempts", async () => {
  const { clock, calls, attempts, run } = guarded(1);
  const asked = run(9);
  await clock.advance(200);
  expect(await asked).toEqual({ kind: "failed", error: new Error("no 1") });
  expect([attempts.length, calls.open]).toEqual([2, false]);
});

test("no call is made while the breaker is open; the probe closes it", async () => {
  const { clock, calls, attempts, run } = guarded(0);
  const changes: boolean[] = [];
  calls.onChange((open) => changes.push(open));
  await run(9);
  await run(9);
  expect(await run(0)).toEqual({ kind: "broken" });
  expect([attempts.length, calls.open]).toEqual([2, true]);
  await clock.advance(1_000);
  expect(await run(0)).toEqual({ kind: "answer", answer: "yes" });
  expect([calls.open, changes]).toEqual([false, [true, false]]);
});
