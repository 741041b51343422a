import { expect, test } from "vitest";
import { BoundsQuestion } from "./bounds-question.ts";
import type { TopicId } from "./event.ts";
import { HoleFiller } from "./hole-filler.ts";
import { JournalUnavailable, type LiveEvent } from "./ports.ts";
import { ReadGate } from "./read-gate.ts";
import { text } from "./testing/hub-under-test.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { type FeedEffect, TopicFeed } from "./topic-feed.ts";

const live = (sequence: number, previous: number): LiveEvent => ({
  sequence,
  previous,
  acceptedAt: 0,
  event: text("x"),
});

/** A topic that was compared at 10, and a journal that gives nothing when it is read. */
const start = () => {
  const clock = new ManualClock();
  const feed = new TopicFeed({ maxHeldEvents: 9, maxHeldBytes: 100, patienceMs: 10_000 });
  feed.tail({ last: 10, checkedTo: 10, firstSequence: 1 });
  const read = () => Promise.reject(new JournalUnavailable("no answer"));
  const run = (effects: readonly FeedEffect[]) => {
    for (const effect of effects) if (effect.kind === "read") filler.read(effect.after, 1_000);
  };
  const shared = {
    journal: { read, connected: true },
    clock,
    fillGate: new ReadGate(() => 1),
    bounds: new BoundsQuestion({ bounds: () => Promise.reject(new JournalUnavailable("no answer")) }),
    epoch: () => 1,
    metrics: { holeFilled: () => undefined },
  };
  const owner = { topicId: "a" as TopicId, filled: run, fillFailed: () => undefined };
  const filler: HoleFiller = new HoleFiller(shared, owner, feed);
  return { clock, filler, tell: (event: LiveEvent) => run(feed.live(event)) };
};

test("a hole that cannot be read fails for as long as it is tried", async () => {
  const { clock, filler, tell } = start();
  tell(live(12, 11));
  await clock.advance(40_000);
  expect(filler.failing.forMs).toBeGreaterThanOrEqual(30_000);
});

test("a hole that is filled live while its read fails has nothing to do with the next one", async () => {
  const { clock, filler, tell } = start();
  tell(live(12, 11));
  tell(live(11, 10));
  await clock.advance(60_000);
  tell(live(14, 13));
  await clock.advance(3_000);
  expect(filler.failing.forMs).toBeLessThan(5_000);
});
