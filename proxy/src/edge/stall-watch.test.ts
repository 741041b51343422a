import { expect, test } from "vitest";
import { ManualClock } from "../hub/testing/manual-clock.ts";
import { type Stalled, StallWatch } from "./stall-watch.ts";

const stage = (patienceSec: number) => {
  const clock = new ManualClock();
  const watch = new StallWatch({ clock, patienceMs: () => patienceSec * 1_000 });
  const told: string[] = [];
  const connection = (name: string): Stalled => ({
    nudge: () => void told.push(`nudge ${name}`),
    hold: () => void told.push(`hold ${name}`),
    cut: () => {
      told.push(`cut ${name}`);
      watch.ended(stalled);
    },
  });
  const stalled = connection("a");
  return { clock, watch, told, stalled };
};

test("a stalled connection is nudged often enough for any engine, and cut when the time is over", async () => {
  const { clock, watch, told, stalled } = stage(20);
  watch.began(stalled);
  await clock.advance(19_999);
  expect(told.length).toBeGreaterThanOrEqual(4);
  expect(new Set(told)).toEqual(new Set(["nudge a"]));
  await clock.advance(2_000);
  expect(told.at(-1)).toBe("cut a");
  const count = told.length;
  await clock.advance(60_000);
  expect(told.length).toBe(count);
});

test("progress begins the time anew, and a connection that is no longer full is left alone", async () => {
  const { clock, watch, told, stalled } = stage(5);
  watch.began(stalled);
  await clock.advance(4_000);
  watch.began(stalled);
  await clock.advance(4_000);
  expect(told).not.toContain("cut a");
  watch.ended(stalled);
  const count = told.length;
  await clock.advance(60_000);
  expect(told.length).toBe(count);
  watch.began(stalled);
  await clock.advance(6_000);
  expect(told.at(-1)).toBe("cut a");
});

test("a doubted connection is held often enough for any engine, until it is trusted", async () => {
  const { clock, watch, told, stalled } = stage(20);
  watch.doubted(stalled);
  await clock.advance(30_000);
  expect(told.length).toBeGreaterThanOrEqual(9);
  expect(new Set(told)).toEqual(new Set(["hold a"]));
  watch.trusted(stalled);
  const count = told.length;
  await clock.advance(60_000);
  expect(told).toHaveLength(count);
});

test("one that is gone is left alone", async () => {
  const { clock, watch, told, stalled } = stage(20);
  watch.doubted(stalled);
  watch.began(stalled);
  watch.gone(stalled);
  await clock.advance(60_000);
  expect(told).toEqual([]);
});
