import { expect, test } from "vitest";
import { Breaker, type Turn } from "./breaker.ts";

const openForMs = 1_000;

const breakerAt = (threshold: number) => {
  const clock = { ms: 0 };
  const breaker = new Breaker({ threshold, openForMs, now: () => clock.ms });
  const told: boolean[] = [];
  breaker.onChange((open) => told.push(open));
  const call = (good: boolean): Turn | undefined => {
    const turn = breaker.begin();
    if (turn !== undefined) breaker[good ? "succeeded" : "failed"](turn);
    return turn;
  };
  return { clock, breaker, told, call };
};

test("it opens after so many failures in a row, and a success between them counts", () => {
  const { breaker, told, call } = breakerAt(3);
  for (const good of [false, false, true, false, false]) call(good);
  expect([breaker.open, told]).toEqual([false, []]);
  call(false);
  expect([breaker.open, told]).toEqual([true, [true]]);
  expect(breaker.begin()).toBeUndefined();
});

test("after its time one call probes, and the others are not made until that is over", () => {
  const { clock, breaker, told, call } = breakerAt(1);
  call(false);
  clock.ms = openForMs - 1;
  expect(breaker.begin()).toBeUndefined();
  clock.ms = openForMs;
  expect(breaker.begin()).toBe("probe");
  expect([breaker.begin(), breaker.open]).toEqual([undefined, true]);
  breaker.failed("probe");
  expect(breaker.begin()).toBeUndefined();
  clock.ms = 2 * openForMs;
  expect(call(true)).toBe("probe");
  expect([breaker.open, told]).toEqual([false, [true, true, false]]);
  expect(call(true)).toBe("call");
});

test("calls that began before it opened neither close it nor keep it open for longer", () => {
  const { clock, breaker, told, call } = breakerAt(1);
  const [first, second] = [breaker.begin(), breaker.begin()];
  call(false);
  clock.ms = openForMs / 2;
  if (first !== undefined) breaker.succeeded(first);
  if (second !== undefined) breaker.failed(second);
  expect([breaker.open, told]).toEqual([true, [true]]);
  clock.ms = openForMs;
  expect(breaker.begin()).toBe("probe");
});

test("once closed it counts anew", () => {
  const { clock, breaker, call } = breakerAt(2);
  for (const good of [false, false]) call(good);
  clock.ms = openForMs;
  call(true);
  call(false);
  expect(breaker.open).toBe(false);
});
