import { expect, test } from "vitest";
import { Shedding } from "./shed.ts";
import { ManualClock } from "./testing/manual-clock.ts";

const shedFrom = (open: number) => {
  const clock = new ManualClock();
  const state = { open, ended: [] as number[] };
  const end = (count: number) => {
    state.ended.push(count);
    state.open -= count;
  };
  const shedding = new Shedding({ clock, open: () => state.open, end });
  return { clock, state, shedding, total: () => state.ended.reduce((sum, count) => sum + count, 0) };
};

test("keeps the pace and stops at the number asked for", async () => {
  const { clock, state, shedding } = shedFrom(1_000);
  expect(shedding.begin({ streams: 200, keep: 0, ratePerSec: 100 })).toBe(200);
  await clock.advance(900);
  expect(state.open).toBe(900);
  expect(shedding.left).toBe(100);
  await clock.advance(5_000);
  expect([state.open, shedding.left, Math.max(...state.ended)]).toEqual([800, 0, 10]);
});

test.each([
  ["what is above", 1_000, { streams: 500, keep: 900 }, 100],
  ["none where there are fewer already", 10, { streams: 5, keep: 10 }, 0],
  ["no more than there are", 3, { streams: 5, keep: 0 }, 3],
])("of those that are to stay it ends %s", async (_, open, asked, ended) => {
  const { clock, shedding, total } = shedFrom(open);
  expect(shedding.begin({ ...asked, ratePerSec: 1_000 })).toBe(ended);
  await clock.advance(2_000);
  expect(total()).toBe(ended);
});

test("clients that leave by themselves are not ended a second time", async () => {
  const { clock, state, shedding } = shedFrom(100);
  shedding.begin({ streams: 50, keep: 50, ratePerSec: 10 });
  await clock.advance(900);
  state.open = 55;
  await clock.advance(10_000);
  expect([state.open, shedding.left]).toEqual([50, 0]);
});

test("another one takes the place of one under way; a stop ends nobody any more", async () => {
  const { clock, state, shedding } = shedFrom(100);
  shedding.begin({ streams: 100, keep: 0, ratePerSec: 10 });
  await clock.advance(950);
  expect(shedding.begin({ streams: 5, keep: 0, ratePerSec: 1_000 })).toBe(5);
  await clock.advance(1_000);
  expect(state.open).toBe(85);
  shedding.begin({ streams: 50, keep: 0, ratePerSec: 10 });
  shedding.stop();
  await clock.advance(5_000);
  expect([state.open, shedding.left]).toEqual([84, 0]);
});
