import { expect, test } from "vitest";
import { KeepaliveWheel } from "./keepalive-wheel.ts";
import { noStreams, Stream } from "./stream.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { RecordingSink } from "./testing/recording-sink.ts";

const nobody = {
  counts: noStreams(),
  writable: () => undefined,
  closed: () => undefined,
  keepalive: () => undefined,
  leave: () => undefined,
};
const streams = (count: number) =>
  Array.from({ length: count }, () => new Stream(nobody, new RecordingSink(), 0, { lastEventId: undefined }));

const wheelOf = (count: number) => {
  const clock = new ManualClock();
  const visits = new Map<Stream, number>();
  const interval = { sec: 15 };
  const wheel = new KeepaliveWheel(
    clock,
    () => interval.sec,
    (stream) => visits.set(stream, (visits.get(stream) ?? 0) + 1),
  );
  const all = streams(count);
  for (const stream of all) wheel.add(stream);
  return { clock, visits, interval, wheel, all };
};

test("visits every stream once an interval, spread over it", async () => {
  const { clock, visits } = wheelOf(600);
  await clock.advance(250);
  expect(visits.size).toBe(10);
  await clock.advance(7_250);
  expect(visits.size).toBe(300);
  await clock.advance(7_500);
  expect([visits.size, ...new Set(visits.values())]).toEqual([600, 1]);
});

test("follows a change of the interval", async () => {
  const { clock, visits, interval } = wheelOf(60);
  interval.sec = 30;
  await clock.advance(15_000);
  expect(visits.size).toBeLessThan(35);
});

test("does not visit who was removed, and stops with the last", async () => {
  const { clock, visits, wheel, all } = wheelOf(121);
  const [gone] = all;
  if (gone !== undefined) wheel.remove(gone);
  if (gone !== undefined) wheel.remove(gone);
  expect(wheel.size).toBe(120);
  await clock.advance(15_000);
  expect(visits.size).toBe(120);
  expect(gone !== undefined && visits.has(gone)).toBe(false);
  for (const stream of all) wheel.remove(stream);
  expect([wheel.size, clock.pendingTimers]).toEqual([0, 0]);
});

test("picks as many streams as asked", () => {
  const { wheel } = wheelOf(100);
  expect(new Set(wheel.pick(30)).size).toBe(30);
  expect(new Set(wheel.pick(1_000)).size).toBe(100);
});

test("whoever is written to is visited again in time, and the others as before", async () => {
  const clock = new ManualClock();
  const [quiet, busy] = [[] as number[], [] as number[]];
  const [still, written] = streams(2);
  if (still === undefined || written === undefined) throw new Error("there are two streams");
  const wheel: KeepaliveWheel = new KeepaliveWheel(
    clock,
    () => 60,
    (stream) => {
      if (wheel.postpone(stream)) return;
      (stream === written ? busy : quiet).push(clock.now());
      stream.wroteAt = wheel.turn;
    },
  );
  const begun = clock.now();
  wheel.add(still);
  wheel.add(written);
  for (let second = 0; second < 100; second += 1) {
    written.wroteAt = wheel.turn;
    await clock.advance(1_000);
  }
  expect(busy).toEqual([]);
  await clock.advance(60_000);
  const silences = busy.map((at) => at - begun - 100_000);
  expect([silences.length, (silences[0] ?? 0) <= 60_000, (silences[0] ?? 0) >= 30_000]).toEqual([1, true, true]);
  expect(quiet.map((at) => at - begun)).toEqual([60_000, 120_000]);
});
