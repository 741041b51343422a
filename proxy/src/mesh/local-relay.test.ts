import { expect, test } from "vitest";
import { hubOn, openOn, text, topicOf } from "../hub/testing/hub-under-test.ts";
import { ManualClock } from "../hub/testing/manual-clock.ts";
import { createLocalRelay } from "./local-relay.ts";

const relayed = () => {
  const clock = new ManualClock(1_703_894_400_000);
  return hubOn(clock, createLocalRelay(clock));
};

const publish = (under: ReturnType<typeof relayed>, name: string, data: string) =>
  under.hub.publish(topicOf(name).topicId, text(data));

const gaps = (body: string): readonly object[] =>
  [...body.matchAll(/event: revenprox\.gap\ndata: (.*)\n/g)].map(([, data = ""]) => JSON.parse(data) as object);

test("what is published goes to open streams, in order and without ids", async () => {
  const under = relayed();
  const { sink } = openOn(under, "news");
  await under.clock.settle();
  expect(sink.text).toBe("retry: 2000\n\n");
  for (const data of ["one", "two\nlines", "three"])
    expect(await publish(under, "news", data)).toEqual({ kind: "sent" });
  await under.clock.settle();
  expect(sink.text).toBe("retry: 2000\n\ndata: one\n\ndata: two\ndata: lines\n\ndata: three\n\n");
  await under.clock.advance(30_000);
  expect(sink.text).toMatch(/three\n\n(:\n\n)+$/);
  expect([under.errors, under.metrics.latencies.length]).toEqual([[], 3]);
});

test("topics of one stream come in the order of their publishing, without ids", async () => {
  const under = relayed();
  const { sink } = openOn(under, "a+b");
  await under.clock.settle();
  for (const name of ["a", "b", "b", "a"]) await publish(under, name, `on ${name}`);
  await under.clock.settle();
  expect(sink.text).toBe("retry: 2000\n\ndata: on a\n\ndata: on b\n\ndata: on b\n\ndata: on a\n\n");
  expect(under.errors).toEqual([]);
});

test("a client that comes with an id is told that nothing was stored, and goes on", async () => {
  const under = relayed();
  const { sink } = openOn(under, "news", "1703894400000-001");
  await under.clock.settle();
  await publish(under, "news", "one");
  await under.clock.settle();
  const from = "1703894400000-001";
  expect(gaps(sink.text)).toEqual([{ topic: "news", from, to: null, reason: "not_stored", recoverable: false }]);
  expect(sink.text).toMatch(/\n\ndata: one\n\n$/);
  expect(sink.text).not.toContain("id:");
});

test("an id that never was one is told as that", async () => {
  const under = relayed();
  const { sink } = openOn(under, "news", "mine");
  await under.clock.settle();
  expect(gaps(sink.text)).toMatchObject([{ from: null, to: null, reason: "invalid", recoverable: false }]);
});

test("a stream that asks for the past is refused, and so is a publish that is to be stored once", async () => {
  const under = relayed();
  const { hub } = under;
  const topics = [topicOf("news")];
  const sink = { write: () => true, end: () => undefined };
  for (const bootstrap of [{ last: 3 }, { since: 0 }])
    expect(hub.open({ topics, encoding: "plain", lastEventId: undefined, bootstrap }, sink)).toEqual({
      refused: "journal_off",
    });
  const { topicId } = topicOf("news");
  const { sink: listener } = openOn(under, "news");
  await under.clock.settle();
  expect(await hub.publish(topicId, text("x"), "key")).toEqual({ kind: "journal-off" });
  const lines = [{ event: text("one") }, { event: text("two"), messageId: "key" }];
  expect(await hub.publishBatch(topicId, lines)).toEqual({ kind: "journal-off" });
  await under.clock.settle();
  expect(listener.text).toBe("retry: 2000\n\n");
  const plain = lines.map(({ event }) => ({ event }));
  expect(await hub.publishBatch(topicId, plain)).toEqual({
    kind: "results",
    results: [{ kind: "sent" }, { kind: "sent" }],
  });
  await under.clock.settle();
  expect(listener.text).toBe("retry: 2000\n\ndata: one\n\ndata: two\n\n");
});

test("a stream slower than memory is told what it does not get, and that nobody has it", async () => {
  const under = relayed();
  under.settings.backpressure = { policy: "drop_oldest", maxEvents: 5 };
  const { sink, stream } = openOn(under, "news");
  const fast = openOn(under, "news");
  await under.clock.settle();
  sink.patience = 1;
  sink.drained();
  for (let index = 0; index < 20; index += 1) {
    await publish(under, "news", `event ${index}.`);
    await under.clock.settle();
  }
  sink.drained();
  stream.writable();
  for (let turn = 0; turn < 20; turn += 1) {
    await under.clock.settle();
    sink.drained();
    stream.writable();
  }
  expect(gaps(sink.text)).toMatchObject([{ to: null, reason: "slow_consumer", recoverable: false }]);
  expect(sink.text).toMatch(/event 19\.\n\n$/);
  expect(sink.text.match(/event \d+\./g)?.length).toBeLessThan(10);
  expect(fast.sink.text.match(/event \d+\./g)).toHaveLength(20);
  expect([sink.overruns, under.errors]).toEqual([0, []]);
});

test("without any policy a stream that memory has left behind skips to what memory has, and is told", async () => {
  const under = relayed();
  const { sink, stream } = openOn(under, "news");
  await under.clock.settle();
  sink.patience = 1;
  sink.drained();
  const size = 20_000;
  for (let index = 0; index < 600; index += 1) await publish(under, "news", `${index}.${"x".repeat(size)}`);
  await under.clock.settle();
  for (let turn = 0; turn < 1_000; turn += 1) {
    sink.drained();
    stream.writable();
    await under.clock.settle();
  }
  expect(gaps(sink.text)).toMatchObject([{ reason: "slow_consumer", recoverable: false }]);
  expect(sink.text).toContain("data: 599.");
  expect(under.metrics.drops.slow_consumer).toBeGreaterThan(0);
  expect(under.errors).toEqual([]);
});
