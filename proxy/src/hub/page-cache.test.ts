import { expect, test } from "vitest";
import { PageCache } from "./page-cache.ts";
import type { JournalPage } from "./ports.ts";
import { text, topicOf } from "./testing/hub-under-test.ts";
import { ManualClock } from "./testing/manual-clock.ts";

const a = topicOf("a").topicId;
const b = topicOf("b").topicId;

const page = (sequences: readonly number[], completeTo: number, missed = false): JournalPage => ({
  events: sequences.map((sequence) => ({ sequence, acceptedAt: 0, event: text("x".repeat(100)) })),
  missed,
  completeTo,
  end: false,
});
const shown = (found: JournalPage | undefined) =>
  found === undefined
    ? undefined
    : [found.events.map(({ sequence }) => sequence).join(), found.completeTo, found.missed];

const cacheOf = (maxBytes = 1_000_000) => {
  const clock = new ManualClock();
  return { clock, cache: new PageCache(clock, { maxBytes, lifeMs: 1_000 }) };
};

test.each([
  ["where it begins", 10, ["12,15", 20, false]],
  ["within it", 12, ["15", 20, false]],
  ["behind its last event", 17, ["", 20, false]],
  ["where it ends", 20, undefined],
  ["before it", 9, undefined],
])("a page answers who stands %s", (_, after, expected) => {
  const { cache } = cacheOf();
  cache.keep(a, 10, page([12, 15], 20));
  expect(shown(cache.find(a, after))).toEqual(expected);
  expect(cache.find(b, after)).toBeUndefined();
});

test.each([
  ["where the page begins", 10, true],
  ["before one who was told so", 12, true],
  ["between one who was and the oldest that is left: it is not known", 14, undefined],
  ["after one who was not", 16, false],
  ["at the oldest that is left", 18, false],
])("that something is missing is told who stands %s", (_, after, missed) => {
  const { cache } = cacheOf();
  cache.keep(a, 10, page([18], 20, true));
  cache.keep(a, 12, page([18], 20, true));
  cache.keep(a, 16, page([18], 20, false));
  expect(cache.find(a, after)?.missed).toBe(missed);
});

test("the page that reaches furthest answers; one that says nothing is not kept", () => {
  const { cache } = cacheOf();
  cache.keep(a, 0, page([5], 5));
  cache.keep(a, 3, page([5, 9], 9));
  cache.keep(a, 9, page([], 9));
  expect(shown(cache.find(a, 4))).toEqual(["5,9", 9, false]);
  expect(cache.find(a, 9)).toBeUndefined();
});

test("pages are bounded in bytes, the oldest goes first, and after their life nothing is left", async () => {
  const { cache, clock } = cacheOf(2_000);
  for (let after = 0; after < 10; after += 1) cache.keep(after % 2 === 0 ? a : b, after, page([after + 1], after + 1));
  expect(cache.bytes).toBeLessThanOrEqual(2_000);
  expect(cache.find(a, 0)).toBeUndefined();
  expect(cache.find(b, 9)).toBeDefined();
  await clock.advance(1_000);
  expect([cache.find(b, 9), cache.bytes, clock.pendingTimers]).toEqual([undefined, 0, 0]);
});

test("a page larger than all of it is not kept", () => {
  const { cache } = cacheOf(100);
  cache.keep(a, 0, page([1], 1));
  expect([cache.find(a, 0), cache.bytes]).toEqual([undefined, 0]);
});
