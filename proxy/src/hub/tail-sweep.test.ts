import { expect, test } from "vitest";
import type { TopicId } from "./event.ts";
import { TailSweep } from "./tail-sweep.ts";
import { topicOf } from "./testing/hub-under-test.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { ModelJournal } from "./testing/model-journal.ts";
import type { TailReport } from "./topic-feed.ts";

class Topic {
  readonly topicId: TopicId;
  readonly reports: TailReport[] = [];
  opening: boolean;
  constructor(name: string, opening = false) {
    this.topicId = topicOf(name).topicId;
    this.opening = opening;
  }
  tail(report: TailReport): void {
    this.reports.push(report);
    this.opening = false;
  }
}

const sweepOf = (topics: readonly Topic[], chance = 0) => {
  const clock = new ManualClock();
  const journal = new ModelJournal(clock);
  const errors: string[] = [];
  const quiet = () => undefined;
  const sweep = new TailSweep({
    journal,
    clock,
    random: () => chance,
    log: { debug: quiet, info: quiet, warn: quiet, error: (message) => void errors.push(message) },
    intervalSec: 5,
    topics: () => topics,
    accept: (epoch) => epoch === journal.epoch,
  });
  sweep.start();
  return { sweep, clock, journal, errors };
};
const many = (count: number) => Array.from({ length: count }, (_, index) => new Topic(`topic ${index}`));

test.each([
  [0, 5_000],
  [0.999, 3_752],
])("looks at every topic once an interval, with chance %d after %d ms", async (chance, ms) => {
  const topics = many(3);
  const { clock, journal } = sweepOf(topics, chance);
  await clock.advance(ms - 2);
  expect(journal.calls.tails).toBe(0);
  await clock.advance(4);
  expect(journal.calls.tails).toBe(1);
  expect(topics.map(({ reports }) => reports.length)).toEqual([1, 1, 1]);
});

test("tells each topic its own last place, and 0 where nothing is stored", async () => {
  const [one, other] = [new Topic("one"), new Topic("other")];
  const { sweep, clock, journal } = sweepOf([one, other]);
  for (const data of ["a", "b"]) journal.store(one.topicId, { data: new TextEncoder().encode(data) });
  sweep.resync();
  await clock.settle();
  expect([one, other].map(({ reports }) => reports.map(({ last }) => last))).toEqual([[2], [0]]);
});

test("asks for at most 1,000 topics a call, and pauses between calls", async () => {
  const topics = many(2_500);
  const { sweep, clock, journal } = sweepOf(topics);
  sweep.resync();
  await clock.settle();
  expect(journal.calls.tails).toBe(1);
  await clock.advance(20);
  expect(journal.calls.tails).toBe(3);
  expect(topics.every(({ reports }) => reports.length === 1)).toBe(true);
});

test("takes topics that are waiting before a round, together", async () => {
  const topics = many(2_500);
  const { sweep, clock, journal } = sweepOf(topics);
  const opening = ["x", "y", "z"].map((name) => new Topic(name, true));
  sweep.resync();
  for (const topic of opening) sweep.check(topic);
  await clock.settle();
  expect(opening.map(({ reports }) => reports.length)).toEqual([1, 1, 1]);
  expect(journal.calls.tails).toBe(2);
});

test("does not keep a topic waiting for the pause in a round", async () => {
  const { sweep, clock } = sweepOf(many(2_500));
  sweep.resync();
  await clock.settle();
  const opening = new Topic("x", true);
  sweep.check(opening);
  await clock.settle();
  expect(opening.reports).toHaveLength(1);
});

test("goes on with a round although topics open without end", async () => {
  const topics = many(1_500);
  const { sweep, clock } = sweepOf(topics);
  const endless = { ...new Topic("x", true), tail: () => sweep.check(endless) };
  sweep.check(endless);
  sweep.resync();
  for (let turn = 0; turn < 20; turn += 1) await clock.turn();
  expect(topics.every(({ reports }) => reports.length === 1)).toBe(true);
  sweep.stop();
});

test("spreads a round over half the interval, but hurries where something may have been lost", async () => {
  const topics = many(10_000);
  const { sweep, clock } = sweepOf(topics);
  const compared = () => topics.filter(({ reports }) => reports.length > 0).length;
  // Ten calls, a quarter of a second apart.
  await clock.advance(5_000 + 1_100);
  expect(compared()).toBe(5_000);
  sweep.resync();
  await clock.advance(100);
  expect(compared()).toBe(10_000);
  sweep.stop();
});

test("does not ask for the first sequence when topics are only opened", async () => {
  const { sweep, clock, journal } = sweepOf([]);
  sweep.check(new Topic("x", true));
  await clock.settle();
  expect(journal.calls.bounds).toBe(0);
  sweep.check(new Topic("y"));
  await clock.settle();
  expect(journal.calls.bounds).toBe(1);
});

test("tries again at growing distances while the journal is away, and at once when it is back", async () => {
  const topic = new Topic("x", true);
  const { sweep, clock, journal, errors } = sweepOf([topic]);
  journal.connected = false;
  sweep.check(topic);
  await clock.advance(350);
  expect(journal.calls.tails).toBe(3);
  await clock.advance(60_000);
  journal.connected = true;
  sweep.resync();
  await clock.settle();
  expect([topic.reports.length, errors]).toEqual([1, []]);
});

test("does not believe an answer from before a loss, nor one of another epoch", async () => {
  const topic = new Topic("x");
  const { sweep, clock, journal } = sweepOf([topic]);
  journal.answerDelayMs = 100;
  sweep.check(topic);
  await clock.advance(50);
  sweep.lost();
  await clock.advance(200);
  expect(topic.reports).toEqual([]);
  await clock.advance(50);
  journal.rename();
  await clock.advance(150);
  expect(topic.reports).toEqual([]);
  await clock.advance(1_000);
  expect(topic.reports).toHaveLength(1);
});

test("forgets a topic, and everything when stopped", async () => {
  const topic = new Topic("x");
  const { sweep, clock, journal } = sweepOf([topic]);
  journal.connected = false;
  sweep.check(topic);
  await clock.settle();
  sweep.forget(topic);
  journal.connected = true;
  await clock.advance(1_000);
  expect(topic.reports).toEqual([]);
  sweep.stop();
  await clock.settle();
  expect(clock.pendingTimers).toBe(0);
});
