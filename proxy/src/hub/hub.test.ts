import { expect, test } from "vitest";
import { hubOnModel, openOn, text, topicOf } from "./testing/hub-under-test.ts";
import { RecordingSink } from "./testing/recording-sink.ts";

const epoch = 1_700_000_000_000;
const { topicId } = topicOf("t");
const frame = (sequence: string, data: string): string => `id: ${epoch}-${sequence}\ndata: ${data}\n\n`;

const storing = async (...data: string[]) => {
  const model = hubOnModel();
  for (const each of data) await model.hub.publish(topicId, text(each));
  await model.clock.settle();
  return model;
};

test("a fresh stream is told retry and a priming id in its first chunk, then what comes", async () => {
  const model = await storing("before");
  const { sink } = openOn(model, "t");
  await model.clock.settle();
  expect(sink.writes).toHaveLength(1);
  expect(sink.text).toBe(`retry: 2000\nid: ${epoch}-001\n\n`);
  await model.hub.publish(topicId, text("now"));
  await model.clock.settle();
  expect(sink.text).toBe(`retry: 2000\nid: ${epoch}-001\n\n${frame("002", "now")}`);
  expect(model.metrics).toMatchObject({ opened: 1, messages: 1, latencies: [0] });
  expect(model.errors).toEqual([]);
});

test("events of one turn reach every stream in one write", async () => {
  const model = await storing();
  const clients = [openOn(model, "t"), openOn(model, "t")];
  await model.clock.settle();
  for (const data of ["a", "b", "c"]) model.journal.store(topicId, text(data));
  await model.clock.settle();
  for (const { sink } of clients) {
    expect(sink.writes).toHaveLength(2);
    expect(sink.text).toContain(frame("001", "a") + frame("002", "b") + frame("003", "c"));
  }
  expect(clients[0]?.sink.writes[1]).toBe(clients[1]?.sink.writes[1]);
  expect(model.metrics.messages).toBe(6);
});

test("a stream resumes after its last id, through the journal, and goes on live without a seam", async () => {
  const model = await storing("a", "b", "c", "d", "e", "f", "g", "h");
  const { sink } = openOn(model, "t", `${epoch}-002`);
  await model.clock.settle();
  await model.hub.publish(topicId, text("i"));
  await model.clock.settle();
  const received = [...sink.text.matchAll(/^data: (.*)$/gm)].map(([, data]) => data);
  expect(received).toEqual(["c", "d", "e", "f", "g", "h", "i"]);
  expect(model.metrics.gaps).toBe(0);
});

test.each([
  ["reset", `${epoch - 1}-001`, `"${epoch - 1}-001"`],
  ["future", `${epoch}-999`, `"${epoch}-999"`],
  ["invalid", "nonsense", "null"],
])("an id that cannot be resumed is told as a gap: %s", async (reason, lastEventId, from) => {
  const model = await storing("a", "b");
  const { sink } = openOn(model, "t", lastEventId);
  await model.clock.advance(1_000);
  const gap = `{"topic":"t","from":${from},"to":"${epoch}-002","reason":"${reason}","recoverable":false}`;
  expect(sink.text).toContain(`event: revenprox.gap\ndata: ${gap}\n\n`);
  expect(sink.text).toContain(`\n\nid: ${epoch}-002\n\n`);
  await model.hub.publish(topicId, text("c"));
  await model.clock.settle();
  expect(sink.text).toContain(frame("003", "c"));
  expect(model.metrics.gaps).toBe(1);
});

test("what has expired is told as a gap, and the rest follows", async () => {
  const model = await storing("a", "b", "c", "d");
  model.journal.expire(2);
  const { sink } = openOn(model, "t", `${epoch}-001`);
  await model.clock.advance(1_000);
  expect(sink.text).toContain(`"from":"${epoch}-001","to":"${epoch}-002","reason":"expired"`);
  expect(sink.text).toContain(frame("003", "c") + frame("004", "d"));
  expect(sink.text).not.toContain("data: b\n");
});

test("an event that was lost on the way is fetched before the next is written", async () => {
  const model = await storing();
  const { sink } = openOn(model, "t");
  await model.clock.settle();
  model.journal.losing = true;
  await model.hub.publish(topicId, text("lost"));
  model.journal.losing = false;
  await model.hub.publish(topicId, text("told"));
  await model.clock.settle();
  expect(sink.text).toContain(frame("001", "lost") + frame("002", "told"));
  expect(model.metrics.filled).toBe(2);
});

test("a lost tail is found by the sweep within its interval", async () => {
  const model = await storing();
  const { sink } = openOn(model, "t");
  await model.clock.advance(2_000);
  model.journal.losing = true;
  await model.hub.publish(topicId, text("tail"));
  await model.clock.advance(5_000);
  expect(sink.text).toContain(frame("001", "tail"));
});

test("a slow client holds nobody up, is never written to while full, and misses nothing", async () => {
  const model = await storing();
  const slow = openOn(model, "t");
  slow.sink.patience = 1;
  const quick = openOn(model, "t");
  await model.clock.settle();
  for (let n = 1; n <= 2_000; n += 1) {
    model.journal.store(topicId, text(String(n)));
    if (n % 10 === 0) await model.clock.settle();
  }
  expect(quick.sink.text.match(/^data: /gm)).toHaveLength(2_000);
  for (let turn = 0; turn < 1_000; turn += 1) {
    slow.sink.drained();
    slow.stream.writable();
    await model.clock.settle();
  }
  const received = [...slow.sink.text.matchAll(/^data: (.*)$/gm)].map(([, data]) => Number(data));
  expect(received).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 1));
  expect(slow.sink.overruns).toBe(0);
});

test("a stream that closes while its client takes nothing is counted as such", async () => {
  const model = await storing();
  const [slow, quick] = [openOn(model, "t"), openOn(model, "t")];
  slow.sink.patience = 1;
  await model.clock.settle();
  slow.stream.closed();
  quick.stream.closed();
  expect([model.metrics.lifetimes.length, model.metrics.stalled]).toEqual([2, 1]);
});

test("a wiped journal is told as a reset, and what it holds is new", async () => {
  const model = await storing("a");
  const { sink } = openOn(model, "t");
  await model.clock.settle();
  model.journal.restart();
  await model.hub.publish(topicId, text("new"));
  await model.clock.advance(10_000);
  expect(sink.text).toContain(`"from":"${epoch}-001","to":"${epoch + 1_000}-000","reason":"reset"`);
  expect(sink.text).toContain(`id: ${epoch + 1_000}-001\ndata: new\n\n`);
});

test("streams stay open while the journal is away, and are brought level when it is back", async () => {
  const model = await storing();
  const { sink } = openOn(model, "t");
  await model.clock.settle();
  model.journal.disconnect();
  expect(model.hub.degraded).toEqual(["journal"]);
  expect(await model.hub.publish(topicId, text("refused"))).toEqual({ kind: "unavailable" });
  model.journal.store(topicId, text("by another proxy"));
  await model.clock.advance(60_000);
  expect(sink.ended).toBe(false);
  model.journal.connect();
  await model.clock.advance(1_000);
  expect(model.hub.degraded).toEqual([]);
  expect(sink.text).toContain(frame("001", "by another proxy"));
});

test("a stream that opens while the journal is away is greeted, and finds its place later", async () => {
  const model = await storing();
  model.journal.disconnect();
  const { sink } = openOn(model, "t");
  await model.clock.advance(250);
  expect(sink.text).toMatch(/^retry: 2000\n\n(:\n\n)?$/);
  model.journal.connect();
  await model.clock.advance(10_000);
  expect(sink.text).toContain(`id: ${epoch}-000\n\n`);
});

test("a stream that waited through an outage gets everything that is stored once the journal is back", async () => {
  const model = await storing("before the outage");
  model.journal.disconnect();
  const { sink } = openOn(model, "t");
  await model.clock.advance(20_000);
  model.journal.answerDelayMs = 400;
  model.journal.connect();
  model.journal.store(topicId, text("as soon as it was back"));
  await model.clock.advance(1_000);
  model.journal.store(topicId, text("later"));
  await model.clock.advance(5_000);
  expect(sink.text).not.toContain("before the outage");
  expect(sink.text).toContain(frame("002", "as soon as it was back") + frame("003", "later"));
});

test("a stream that was greeted before its place was found gets everything that is stored from then on", async () => {
  const model = await storing("before");
  model.journal.answerDelayMs = 400;
  const { sink } = openOn(model, "t");
  await model.clock.advance(250);
  expect(sink.text).toBe("retry: 2000\n\n");
  model.journal.losing = true;
  model.journal.store(topicId, text("after the greeting"));
  await model.clock.advance(5_000);
  expect(sink.text).toBe(`retry: 2000\n\nid: ${epoch}-001\n\n${frame("002", "after the greeting")}`);
});

test("to a stream that was greeted before its place was found an event is live, and timed like any other", async () => {
  const model = await storing("before");
  model.journal.answerDelayMs = 400;
  const { sink } = openOn(model, "t");
  await model.clock.advance(250);
  model.journal.store(topicId, text("after the greeting"));
  await model.clock.advance(5_000);
  expect(sink.text).toBe(`retry: 2000\n\nid: ${epoch}-001\n\n${frame("002", "after the greeting")}`);
  expect(model.metrics.latencies).toHaveLength(1);
});

test("what was stored through an outage is not live to a stream that was greeted in it", async () => {
  const model = await storing("before");
  model.journal.disconnect();
  for (let count = 0; count < 3; count += 1) model.journal.store(topicId, text("meanwhile"));
  const { sink } = openOn(model, "t");
  await model.clock.advance(250);
  model.journal.connect();
  await model.clock.advance(10_000);
  model.journal.store(topicId, text("afterwards"));
  await model.clock.settle();
  expect(sink.text).toContain(frame("005", "afterwards"));
  expect(model.metrics.latencies).toHaveLength(1);
});

test("the limit on streams refuses, and a closed stream makes room", async () => {
  const model = await storing();
  model.settings.maxConnections = 1;
  const { stream } = openOn(model, "t");
  const request = { topics: [topicOf("t")], encoding: "plain", lastEventId: undefined } as const;
  expect(model.hub.open(request, new RecordingSink())).toEqual({ refused: "connections_exhausted" });
  await model.clock.advance(3_000);
  stream.closed();
  expect(model.metrics.lifetimes).toEqual([3]);
  expect(model.hub.open(request, new RecordingSink())).not.toHaveProperty("refused");
  expect(model.hub.stats()).toMatchObject({ totalCreated: 2, totalClosed: 1, topics: 1 });
});

test("silence is broken once in every keepalive interval, with the id where it has moved on", async () => {
  const model = await storing();
  const { sink } = openOn(model, "t");
  await model.clock.advance(30_500);
  expect(sink.text.match(/^:/gm)?.length).toBeGreaterThanOrEqual(2);
  await model.hub.publish(topicOf("another").topicId, text("elsewhere"));
  await model.clock.advance(30_000);
  expect(sink.text).toMatch(new RegExp(`^:\nid: ${epoch}-001\n\n`, "m"));
});

test("a topic is left after its last listener and the linger time", async () => {
  const model = await storing();
  const { stream } = openOn(model, "t");
  await model.clock.settle();
  expect(model.journal.followed).toBe(1);
  stream.closed();
  await model.clock.advance(2_900);
  expect(model.journal.followed).toBe(1);
  await model.clock.advance(200);
  expect(model.journal.followed).toBe(0);
});

test("a shed ends a part of the streams at its pace and serves on; a drain that follows takes its place", async () => {
  const model = await storing();
  const clients = Array.from({ length: 20 }, () => openOn(model, "t"));
  await model.clock.settle();
  expect(model.hub.shed({ streams: 10, keep: 14, ratePerSec: 5 })).toBe(6);
  await model.clock.advance(800);
  const ended = () => clients.filter(({ sink }) => sink.ended);
  expect([ended().length, model.hub.moves()]).toEqual([4, { moved: 4, shedding: 2 }]);
  expect(ended().every(({ sink }) => /retry: \d+\n\n$/.test(sink.text))).toBe(true);
  expect(openOn(model, "t").sink.ended).toBe(false);
  const drained = model.hub.drain({ withinMs: 1_000, ratePerSec: 1 });
  expect(model.hub.moves().shedding).toBe(0);
  expect(model.hub.shed({ streams: 1, keep: 0, ratePerSec: 1 })).toBe(0);
  await model.clock.advance(1_100);
  await drained;
  expect(model.metrics.moves).toEqual({ shed: 4, drain: 17 });
});

test("a drain refuses new streams and ends the open ones at its pace, each with its own retry", async () => {
  const model = await storing();
  const clients = Array.from({ length: 20 }, () => openOn(model, "t"));
  await model.clock.settle();
  const drained = model.hub.drain({ withinMs: 10_000, ratePerSec: 10 });
  expect(
    model.hub.open({ topics: [topicOf("t")], encoding: "plain", lastEventId: undefined }, new RecordingSink()),
  ).toEqual({
    refused: "draining",
  });
  await model.clock.advance(1_000);
  const ended = clients.filter(({ sink }) => sink.ended);
  expect(ended.length).toBeGreaterThanOrEqual(9);
  expect(ended.length).toBeLessThanOrEqual(11);
  await model.clock.advance(1_500);
  expect(clients.every(({ sink }) => sink.ended && /retry: \d+\n\n$/.test(sink.text))).toBe(true);
  for (const { stream } of clients) stream.closed();
  await model.clock.advance(200);
  await drained;
  expect(model.hub.stats().totalClosed).toBe(20);
});
