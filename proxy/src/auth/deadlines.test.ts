import { expect, test } from "vitest";
import { ManualClock } from "../hub/testing/manual-clock.ts";
import { Deadlines, type Due } from "./deadlines.ts";

const watching = () => {
  const clock = new ManualClock();
  const began = clock.now();
  const deadlines = new Deadlines(clock);
  const late: [name: string, ms: number][] = [];
  const add = (name: string, ms: number): Due => {
    const due = { late: () => void late.push([name, clock.now() - began]) };
    deadlines.add(due, ms);
    return due;
  };
  return { clock, deadlines, late, add };
};

test("each is told once that it is late, within a look of its time, whatever the others wait for", async () => {
  const { clock, late, add } = watching();
  add("long", 500);
  add("short", 100);
  await clock.advance(99);
  expect(late).toEqual([]);
  await clock.advance(2_000);
  expect(late.map(([name]) => name)).toEqual(["short", "long"]);
  expect(late[0]?.[1]).toBeLessThanOrEqual(125);
  expect(late[1]?.[1]).toBeLessThanOrEqual(525);
});

test("what was done in time is never told, and the timer stops with the last", async () => {
  const { clock, deadlines, late, add } = watching();
  deadlines.met(add("done", 100));
  await clock.advance(1_000);
  expect([late, clock.pendingTimers]).toEqual([[], 0]);
  add("again", 100);
  await clock.advance(1_000);
  expect(late).toHaveLength(1);
});
