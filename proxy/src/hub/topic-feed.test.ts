import { describe, expect, test } from "vitest";
import type { JournalPage, LiveEvent } from "./ports.ts";
import { text } from "./testing/hub-under-test.ts";
import { type FeedEffect, TopicFeed } from "./topic-feed.ts";

const limits = { maxHeldEvents: 3, maxHeldBytes: 100, patienceMs: 10_000 };
const live = (sequence: number, previous: number): LiveEvent => ({
  sequence,
  previous,
  acceptedAt: 0,
  event: text("x"),
});
const malformed = (sequence: number, previous: number): LiveEvent => ({ sequence, previous, acceptedAt: 0 });
const page = (sequences: readonly number[], completeTo: number, missed = false): JournalPage => ({
  events: sequences.map((sequence) => ({ sequence, acceptedAt: 0, event: text("x") })),
  completeTo,
  missed,
  end: true,
});
/** `5` delivered, `1..4` gap, `read 4` or `read 4 (2)` after two tries in vain. */
const shown = (effects: readonly FeedEffect[]): readonly string[] =>
  effects.map((effect) => {
    if (effect.kind === "deliver") return String(effect.sequence);
    if (effect.kind === "gap") return `${effect.from}..${effect.to}`;
    if (effect.kind === "ask-bounds") return "bounds?";
    return effect.attempt === 0 ? `read ${effect.after}` : `read ${effect.after} (${effect.attempt})`;
  });
/** A feed that was compared once: everything up to `passed` is history. */
const feedAt = (passed: number): TopicFeed => {
  const feed = new TopicFeed(limits);
  feed.tail({ last: passed, checkedTo: passed, firstSequence: 1 });
  return feed;
};
const tail = (last: number, checkedTo: number, firstSequence = 1) => ({ last, checkedTo, firstSequence });

describe("live events", () => {
  test.each([
    ["the next one", live(12, 10), ["12"], 12],
    ["one after history was removed", live(12, 7), ["12"], 12],
    ["the very next sequence, with no predecessor left", live(11, 0), ["11"], 11],
    ["one with no predecessor left, which proves nothing", live(12, 0), ["bounds?"], 10],
    ["one after a hole", live(15, 12), ["read 10"], 10],
    ["one that was passed", live(10, 8), [], 10],
    ["an older one", live(3, 0), [], 10],
    ["a malformed one", malformed(12, 10), [], 12],
  ])("%s", (_, event, effects, passed) => {
    const feed = feedAt(10);
    expect(shown(feed.live(event))).toEqual(effects);
    expect(feed.passed).toBe(passed);
  });

  test("are held while a hole is filled, and follow it", () => {
    const feed = feedAt(10);
    expect(shown(feed.live(live(15, 12)))).toEqual(["read 10"]);
    expect(shown(feed.live(live(17, 15)))).toEqual([]);
    expect(shown(feed.page(page([12], 12), 0))).toEqual(["12", "15", "17"]);
  });

  test.each([
    ["follow where the journal has everything since", { live: [live(15, 0)], bounds: [11, 20] }, ["15"]],
    ["those behind them, too", { live: [live(15, 0), live(17, 15)], bounds: [1, 17] }, ["15", "17"]],
    ["are read where something since may have gone", { live: [live(15, 0)], bounds: [12, 20] }, ["read 10"]],
    ["are read where the answer is older than they are", { live: [live(15, 0)], bounds: [11, 14] }, ["read 10"]],
    ["do not cover up a hole", { live: [live(15, 0), live(19, 17)], bounds: [11, 20] }, ["15", "read 15"]],
    ["do not cover up that they went", { live: [live(15, 0), live(19, 0)], bounds: [11, 20] }, ["15", "read 15"]],
  ] as const)("with no predecessor left %s", (_, { live: events, bounds: [firstSequence, lastSequence] }, effects) => {
    const feed = feedAt(10);
    const asked = events.map((event) => shown(feed.live(event)));
    expect(asked).toEqual([["bounds?"], ...events.slice(1).map(() => [])]);
    expect(shown(feed.bounds({ firstSequence, lastSequence }))).toEqual(effects);
  });

  test("that came before the journal's bounds did are not delivered twice", () => {
    const feed = feedAt(10);
    feed.live(live(15, 0));
    feed.nudge(15);
    expect(shown(feed.live(live(12, 10)))).toEqual(["12"]);
    expect(shown(feed.bounds({ firstSequence: 1, lastSequence: 15 }))).toEqual(["15"]);
    expect(shown(feed.live(live(15, 0)))).toEqual([]);
  });

  test("of which the journal does not tell its bounds are read", () => {
    const feed = feedAt(10);
    feed.live(live(15, 0));
    expect(shown(feed.readFailed())).toEqual(["read 10 (1)"]);
  });

  test("behind a hole are waited for in full, however long there was only word of one", () => {
    const feed = feedAt(10);
    feed.nudge(11);
    feed.page(page([], 10), 0);
    expect(shown(feed.page(page([], 10), 9_000))).toEqual(["read 10 (2)"]);
    feed.live(live(15, 12));
    expect(shown(feed.page(page([], 10), 12_000))).toEqual(["read 10 (3)"]);
    expect(shown(feed.page(page([], 10), 21_999))).toEqual(["read 10 (4)"]);
    expect(shown(feed.page(page([], 10), 22_000))).toEqual(["10..14", "15"]);
  });

  test("go on before the hole without waiting", () => {
    const feed = feedAt(10);
    feed.live(live(15, 12));
    expect(shown(feed.live(live(12, 10)))).toEqual(["12", "15"]);
    expect(shown(feed.page(page([12, 15], 15), 0))).toEqual([]);
  });

  test("that are too many to hold come with the fill", () => {
    const feed = feedAt(10);
    feed.live(live(15, 12));
    for (const sequence of [16, 17, 18, 19]) feed.live(live(sequence, sequence - 1));
    expect(shown(feed.page(page([12, 15, 16], 16), 0))).toEqual(["12", "15", "16", "read 16"]);
    expect(shown(feed.page(page([17, 18, 19], 19), 0))).toEqual(["17", "18", "19"]);
  });
});

describe("the first comparison", () => {
  test("says where the live part begins", () => {
    const feed = new TopicFeed(limits);
    expect(feed.passed).toBeUndefined();
    expect(shown(feed.tail(tail(80, 100)))).toEqual([]);
    expect(feed.passed).toBe(100);
  });

  test("lets go what was held for it", () => {
    const feed = new TopicFeed(limits);
    feed.live(live(80, 70));
    feed.live(live(102, 80));
    expect(shown(feed.tail(tail(80, 100)))).toEqual(["102"]);
  });

  test("may be of a replica that is behind: the hole is found", () => {
    const feed = new TopicFeed(limits);
    feed.live(live(102, 99));
    expect(shown(feed.tail(tail(80, 90)))).toEqual(["read 90"]);
  });
});

describe("later comparisons", () => {
  test.each([
    ["find a lost tail", tail(14, 20), ["read 10"], 10],
    ["move a quiet topic on", tail(10, 20), [], 20],
    ["of a replica that is behind change nothing", tail(8, 9), [], 10],
    ["suspect that entries came and went unseen", tail(0, 20, 15), ["read 10"], 10],
    ["suspect nothing when the journal reaches back far enough", tail(0, 20, 11), [], 20],
  ])("%s", (_, report, effects, passed) => {
    const feed = feedAt(10);
    expect(shown(feed.tail(report))).toEqual(effects);
    expect(feed.passed).toBe(passed);
  });

  test("do not step over what is being fetched", () => {
    const feed = feedAt(10);
    feed.live(live(15, 12));
    feed.tail(tail(10, 20));
    expect(feed.passed).toBe(10);
  });
});

test("a nudge fetches what was not told", () => {
  const feed = feedAt(10);
  expect(shown(feed.nudge(10))).toEqual([]);
  expect(shown(feed.nudge(12))).toEqual(["read 10"]);
  expect(shown(feed.nudge(13))).toEqual([]);
  expect(shown(feed.page(page([12], 12), 0))).toEqual(["12", "read 12"]);
});

describe("a page that misses entries", () => {
  test.each([
    ["before its first", page([14], 14, true), ["10..13", "14"], 14],
    ["and has none", page([], 14, true), ["10..14"], 14],
    ["but begins right after", page([11, 14], 14, true), ["11", "14"], 14],
  ])("%s", (_, missing, effects, passed) => {
    const feed = feedAt(10);
    feed.nudge(14);
    expect(shown(feed.page(missing, 0))).toEqual(effects);
    expect(feed.passed).toBe(passed);
  });

  test("is asked again when the feed moved meanwhile: what it misses may have come live", () => {
    const feed = feedAt(10);
    feed.nudge(16);
    expect(shown(feed.live(live(12, 10)))).toEqual(["12"]);
    expect(shown(feed.page(page([16], 16, true), 0))).toEqual(["read 12"]);
    expect(shown(feed.page(page([16], 16), 0))).toEqual(["16"]);
  });
});

describe("reads that bring nothing", () => {
  test("are repeated at growing distances, failed or stale", () => {
    const feed = feedAt(10);
    feed.nudge(12);
    expect(shown(feed.readFailed())).toEqual(["read 10 (1)"]);
    expect(shown(feed.page(page([], 10), 0))).toEqual(["read 10 (2)"]);
    expect(shown(feed.page(page([11], 11), 0))).toEqual(["11", "read 11"]);
  });

  test("are given up after a while when the journal answers: the hole is told", () => {
    const feed = feedAt(10);
    feed.live(live(15, 12));
    feed.page(page([], 10), 0);
    expect(shown(feed.page(page([], 10), 9_999))).toEqual(["read 10 (2)"]);
    expect(shown(feed.page(page([], 10), 10_000))).toEqual(["10..14", "15"]);
  });

  test("are never given up while it does not answer", () => {
    const feed = feedAt(10);
    feed.live(live(15, 12));
    feed.page(page([], 10), 0);
    feed.readFailed();
    expect(shown(feed.page(page([], 10), 60_000))).toEqual(["read 10 (3)"]);
  });

  test("are given up silently when nothing but a nudge spoke of more", () => {
    const feed = feedAt(10);
    feed.nudge(1_000_000);
    feed.page(page([], 10), 0);
    expect(shown(feed.page(page([], 10), 10_000))).toEqual([]);
    expect(shown(feed.live(live(12, 10)))).toEqual(["12"]);
  });
});

test("after a disconnect live events wait for the comparison", () => {
  const feed = feedAt(10);
  feed.disconnected();
  expect(shown(feed.live(live(12, 10)))).toEqual([]);
  expect(shown(feed.nudge(12))).toEqual([]);
  expect(shown(feed.tail(tail(12, 12)))).toEqual(["12"]);
});

test("after a restart everything of the new journal is delivered", () => {
  const feed = feedAt(10);
  feed.live(live(15, 12));
  feed.restarted(0);
  expect(feed.passed).toBe(0);
  expect(shown(feed.live(live(3, 2)))).toEqual([]);
  expect(shown(feed.tail(tail(3, 3)))).toEqual(["read 0"]);
  expect(shown(feed.page(page([1, 2], 2), 0))).toEqual(["1", "2", "3"]);
});

test.each([
  ["what it had passed stays passed", 20, 10],
  ["what is gone is delivered anew under its sequences", 7, 7],
])("after an older copy was restored: %s", (_, keptTo, passed) => {
  const feed = feedAt(10);
  feed.restarted(keptTo);
  expect(feed.passed).toBe(passed);
  expect(shown(feed.tail(tail(21, 21)))).toEqual([`read ${passed}`]);
});
