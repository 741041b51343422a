import { expect, test } from "vitest";
import type { Clock } from "../hub/ports.ts";
import { hubOn, openOn, text, topicOf } from "../hub/testing/hub-under-test.ts";
import { ManualClock } from "../hub/testing/manual-clock.ts";
import { describeJournal } from "./journal.contract.ts";
import { createLocalJournal } from "./local-journal.ts";
import { eventsPerTopic } from "./testing/journal-stage.ts";
import { recordingListener } from "./testing/recording-listener.ts";

const realClock: Clock = {
  now: Date.now,
  after: (ms, action) => {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
  endOfTurn: (action) => void setImmediate(action),
};
const limits = {
  maxAgeSec: 3_600,
  maxEventsPerTopic: eventsPerTopic,
  maxBytes: 100_000_000,
  duplicateWindowSec: 120,
};

describeJournal("in this process", async () => {
  const journal = createLocalJournal({ clock: realClock, journal: limits });
  const listener = recordingListener();
  journal.listen(listener);
  await new Promise<void>((resolve) => realClock.endOfTurn(resolve));
  return { publisher: journal, follower: journal, listener, close: async () => undefined };
});

test("refuses an event that alone is larger than all it may keep", async () => {
  const journal = createLocalJournal({ clock: new ManualClock(), journal: { ...limits, maxBytes: 1_048_576 } });
  const outcome = await journal.publish(topicOf("a").topicId, text("x".repeat(1_048_576)));
  expect(outcome).toEqual({ kind: "too-large", limit: 1_048_576 });
});

test("takes the start of the process as its epoch", async () => {
  const clock = new ManualClock(1_703_894_400_000);
  const journal = createLocalJournal({ clock, journal: limits });
  const outcome = await journal.publish(topicOf("a").topicId, text("x"));
  expect(outcome).toEqual({ kind: "stored", cursor: { epoch: 1_703_894_400_000, sequence: 1 } });
});

test("under a hub: published, answered, then streamed; a client that comes back gets the rest", async () => {
  const clock = new ManualClock(1_703_894_400_000);
  const under = hubOn(clock, createLocalJournal({ clock, journal: limits }));
  const first = openOn(under, "news");
  await clock.settle();
  const outcome = await under.hub.publish(topicOf("news").topicId, text("one"));
  expect(outcome.kind).toBe("stored");
  expect(first.sink.text).toBe("retry: 2000\nid: 1703894400000-000\n\n");
  await clock.settle();
  expect(first.sink.text).toMatch(/id: 1703894400000-001\ndata: one\n\n$/);
  first.stream.closed();
  await under.hub.publish(topicOf("news").topicId, text("two"));
  const second = openOn(under, "news", "1703894400000-001");
  await clock.settle();
  expect(second.sink.text).toBe("retry: 2000\nid: 1703894400000-001\n\nid: 1703894400000-002\ndata: two\n\n");
  expect(under.errors).toEqual([]);
});
