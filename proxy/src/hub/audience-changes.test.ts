import { expect, it } from "vitest";
import type { TopicId } from "./event.ts";
import { createHub } from "./hub.ts";
import { CountingMetrics } from "./testing/counting-metrics.ts";
import { openOn, topicOf } from "./testing/hub-under-test.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { ModelJournal } from "./testing/model-journal.ts";

const start = () => {
  const clock = new ManualClock();
  const changed = new Set<TopicId>();
  const quiet = () => undefined;
  const hub = createHub({
    journal: new ModelJournal(clock),
    clock,
    random: () => 0.5,
    metrics: new CountingMetrics(),
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    settings: () => ({ maxConnections: 100, keepaliveIntervalSec: 15, retryMs: 2_000 }),
    sweepIntervalSec: 5,
    interestLingerSec: 3,
    audienceChanged: (topicId) => changed.add(topicId),
  });
  /** What changed since the last time, with its streams now. */
  const changes = (): Readonly<Record<string, number>> => {
    const found = ["a", "b", "c"].filter((name) => changed.delete(topicOf(name).topicId));
    return Object.fromEntries(found.map((name) => [name, hub.subscribers(topicOf(name).topicId)]));
  };
  return { hub, clock, changes };
};

it("is told of every topic that a stream comes to or leaves, alone or with others", async () => {
  const { hub, clock, changes } = start();
  const alone = openOn({ hub }, "a");
  expect(changes()).toEqual({ a: 1 });
  const together = openOn({ hub }, "a+b");
  const again = openOn({ hub }, "a+b");
  expect(changes()).toEqual({ a: 3, b: 2 });
  await clock.settle();
  expect(changes()).toEqual({});
  together.stream.closed();
  expect(changes()).toEqual({ a: 2, b: 1 });
  alone.stream.closed();
  expect(changes()).toEqual({ a: 1 });
  again.stream.closed();
  expect(changes()).toEqual({ a: 0, b: 0 });
  openOn({ hub }, "c");
  expect(changes()).toEqual({ c: 1 });
  void hub.drain({ withinMs: 1_000, ratePerSec: 100 });
  await clock.advance(1_000);
  expect(changes()).toEqual({ c: 0 });
  hub.stop();
});
