import { expect, test } from "vitest";
import { hubOn, openOn, text, topicOf } from "./testing/hub-under-test.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { ModelJournal } from "./testing/model-journal.ts";

const { topicId } = topicOf("news");

test("a stream whose socket is full is behind by what was published since; one that keeps up is not", async () => {
  const clock = new ManualClock();
  const under = hubOn(clock, new ModelJournal(clock));
  const slow = openOn(under, "news");
  openOn(under, "news");
  openOn(under, "other");
  await clock.settle();
  expect(under.hub.queues()).toMatchObject({ behind: 0, eventsBehindMax: 0, eventsBehindTotal: 0, blocked: 0 });

  slow.sink.patience = 1;
  for (const data of ["0", "1", "2", "3"]) {
    await under.hub.publish(topicId, text(data));
    await clock.settle();
  }
  const now = under.hub.queues();
  expect(now).toMatchObject({ behind: 1, eventsBehindMax: 3, eventsBehindTotal: 3, blocked: 1, replays: 0 });
  expect(now.ringBytes).toBeGreaterThan(4);
  expect(now.ringBytesMax).toBeGreaterThan(now.ringBytes);

  slow.sink.patience = Number.POSITIVE_INFINITY;
  slow.sink.drained();
  slow.stream.writable();
  await clock.settle();
  expect(under.hub.queues()).toMatchObject({ behind: 0, blocked: 0 });
});

test("topics are those with streams, each with their number", async () => {
  const clock = new ManualClock();
  const under = hubOn(clock, new ModelJournal(clock));
  const [first] = [openOn(under, "news"), openOn(under, "news"), openOn(under, "other")];
  await clock.settle();
  const listed = () => [...under.hub.topics()].map(({ topic, subscribers }) => [topic, subscribers]);
  expect(listed()).toEqual([
    ["news", 2],
    ["other", 1],
  ]);
  expect(under.hub.subscribers(topicId)).toBe(2);
  first?.stream.closed();
  expect(under.hub.subscribers(topicId)).toBe(1);
  expect(under.hub.subscribers(topicOf("nobody's").topicId)).toBe(0);
});
