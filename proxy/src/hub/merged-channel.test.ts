import { expect, test } from "vitest";
import type { StreamRequest } from "./hub.ts";
import { giveUpAfterMs } from "./merged-channel.ts";
import { JournalUnavailable } from "./ports.ts";
import { text, topicOf } from "./testing/hub-under-test.ts";
import { epoch, events, id, open, storing } from "./testing/several-topics.ts";

const utf8 = new TextDecoder();

test("events of several topics come in journal order, in whatever order they are told", async () => {
  const model = await storing();
  const { sink } = open(model, "ab");
  await model.clock.settle();
  expect(sink.text).toBe(`retry: 2000\nid: ${id(0)}\n\n`);
  model.journal.slow = true;
  for (const each of ["a1", "b1", "a2", "c1", "b2"]) model.journal.store(topicOf(each.slice(0, 1)).topicId, text(each));
  model.journal.nudge(topicOf("b").topicId, 2);
  model.journal.deliver();
  await model.clock.settle();
  expect(events(sink)).toEqual(["1 a1", "2 b1", "3 a2", "5 b2"]);
  expect(model.metrics).toMatchObject({ late: 0, gaps: 0 });
});

/** A stream of a and b that got "before"; the event after it, of a, was lost on the way and cannot be read. */
const withUnreadableHole = async () => {
  const model = await storing();
  const { sink } = open(model, "ab");
  await model.clock.advance(2_000);
  model.journal.store(topicOf("b").topicId, text("before"));
  await model.clock.settle();
  model.journal.losing = true;
  model.journal.store(topicOf("a").topicId, text("lost"));
  model.journal.losing = false;
  model.journal.readsFail = true;
  model.journal.store(topicOf("a").topicId, text("after the hole"));
  model.journal.store(topicOf("b").topicId, text("of another topic"));
  return { model, sink };
};

test("a known hole in one topic holds up the others until it is filled", async () => {
  const { model, sink } = await withUnreadableHole();
  await model.clock.advance(1_000);
  expect(events(sink)).toEqual(["1 before"]);
  model.journal.readsFail = false;
  await model.clock.advance(5_000);
  expect(events(sink)).toEqual(["1 before", "2 lost", "3 after the hole", "4 of another topic"]);
});

test("a hole that cannot be filled becomes a gap of its topic, and the others go on", async () => {
  const { model, sink } = await withUnreadableHole();
  await model.clock.advance(giveUpAfterMs + 6_000);
  // Told apart what lies before the id that the client holds: who comes now, with that id, is told the other part only.
  const gap = (from: number, to: number) =>
    `event: revenprox.gap\ndata: {"topic":"a","from":"${id(from)}","to":"${id(to)}","reason":"unreadable","recoverable":false}\n\n`;
  expect(sink.text).toContain(`${gap(0, 1)}${gap(1, 4)}id: ${id(4)}\ndata: of another topic\n\n`);
  model.journal.readsFail = false;
  await model.clock.advance(10_000);
  expect(events(sink)).toEqual(["1 before", "4 of another topic"]);
  expect(model.metrics.droppedMessages).toBeGreaterThanOrEqual(2);
});

test("what was lost at a topic's end is delivered late, without moving the id back, and is counted", async () => {
  const model = await storing();
  const { sink } = open(model, "ab");
  await model.clock.advance(2_000);
  model.journal.losing = true;
  model.journal.store(topicOf("a").topicId, text("lost"));
  model.journal.losing = false;
  model.journal.store(topicOf("b").topicId, text("told"));
  await model.clock.settle();
  expect(events(sink)).toEqual(["2 told"]);
  await model.clock.advance(6_000);
  expect(events(sink)).toEqual(["2 told", "2 lost"]);
  expect(model.metrics.late).toBe(1);
});

test("streams of the same topics and encoding share bytes; those of one topic are spared the proof", async () => {
  const model = await storing();
  const clients = [open(model, "ab"), open(model, "ba"), open(model, "a")];
  await model.clock.settle();
  model.journal.store(topicOf("a").topicId, text("x"));
  await model.clock.settle();
  const [first, second, alone] = clients.map(({ sink }) => sink.writes.at(-1));
  expect(first).toBe(second);
  expect(utf8.decode(alone)).toBe(`id: ${id(1)}\ndata: x\n\n`);
  expect(utf8.decode(first)).toMatch(new RegExp(`^id: ${id(1)}\ndata: x\n\nid: ${id(1)}~1\\.1\\.\\w+\\.\\w{5}\n\n$`));
});

test("an envelope says which topic an event is of, in one line", async () => {
  const model = await storing();
  const { sink } = open(model, "ab", { encoding: "envelope" });
  const alone = open(model, "a", { encoding: "envelope" });
  await model.clock.settle();
  model.journal.store(topicOf("a").topicId, { ...text('two\n"lines"\ufeff'), retry: 3_000 });
  await model.clock.settle();
  const data = JSON.stringify({ topic: "a", id: id(1), event: "message", data: 'two\n"lines"\ufeff' });
  for (const each of [sink, alone.sink]) expect(each.text).toContain(`id: ${id(1)}\nretry: 3000\ndata: ${data}\n\n`);
});

test.each<[string, string, Partial<StreamRequest>, readonly string[]]>([
  ["the last of one topic", "a", { bootstrap: { last: 2 } }, ["4 a3", "6 a4"]],
  ["more than there are", "b", { bootstrap: { last: 9 } }, ["2 b1", "5 b2"]],
  ["the last of each topic", "abc", { bootstrap: { last: 1 } }, ["5 b2", "6 a4"]],
  ["since a time", "ab", { bootstrap: { since: epoch + 3_000 } }, ["4 a3", "5 b2", "6 a4"]],
  ["since the future", "ab", { bootstrap: { since: epoch + 90_000 } }, []],
  ["a good id wins", "ab", { lastEventId: id(5), bootstrap: { last: 2 } }, ["6 a4"]],
  ["after a gap", "ab", { lastEventId: "1-001", bootstrap: { since: epoch + 4_000 } }, ["5 b2", "6 a4"]],
])("a stream begins where it is asked to: %s", async (_, names, wish, expected) => {
  const model = await storing("a1", "b1", "a2", "a3", "b2", "a4");
  const { sink } = open(model, names, wish);
  await model.clock.advance(1_000);
  expect(events(sink)).toEqual(expected);
  model.journal.store(topicOf(names.slice(0, 1)).topicId, text("live"));
  await model.clock.settle();
  expect(events(sink)).toEqual([...expected, "7 live"]);
  expect(model.errors).toEqual([]);
});

test("a gap of a stream is told for each of its topics, then what was asked follows", async () => {
  const model = await storing("a1", "b1");
  const { sink } = open(model, "ab", { lastEventId: "1-001", bootstrap: { last: 1 } });
  await model.clock.advance(1_000);
  const gap = (topic: string) =>
    `event: revenprox.gap\ndata: {"topic":"${topic}","from":"1-001","to":"${id(0)}","reason":"reset","recoverable":false}\n\n`;
  expect(sink.text).toContain(`${gap("a")}${gap("b")}id: ${id(0)}\n\nid: ${id(1)}\ndata: a1\n\n`);
  expect(events(sink)).toEqual(["1 a1", "2 b1"]);
});

test("what waits is bounded: the journal has what is let go", async () => {
  const model = await storing();
  const { sink } = open(model, "ab");
  await model.clock.advance(2_000);
  model.journal.losing = true;
  model.journal.store(topicOf("a").topicId, text("lost"));
  model.journal.losing = false;
  model.journal.readsFail = true;
  model.journal.store(topicOf("a").topicId, text("after the hole"));
  for (let n = 0; n < 2_000; n += 1) model.journal.store(topicOf("b").topicId, text(`b${n}`));
  await model.clock.advance(5_000);
  expect(events(sink)).toEqual([]);
  model.journal.readsFail = false;
  await model.clock.advance(60_000);
  expect(events(sink)).toHaveLength(2_002);
  expect(events(sink)[0]).toBe("1 lost");
  expect(model.metrics).toMatchObject({ gaps: 0, late: 0 });
});

test("the topics are left after the last listener and the linger time", async () => {
  const model = await storing();
  const { stream } = open(model, "abc");
  await model.clock.settle();
  expect([model.journal.followed, model.hub.stats().topics]).toEqual([3, 3]);
  stream.closed();
  await model.clock.advance(7_000);
  expect([model.journal.followed, model.hub.stats().topics]).toEqual([0, 0]);
});

test("a stream that comes from elsewhere into the midst of a gap reads there what the others were told is unreadable", async () => {
  const model = await storing("b1");
  const first = open(model, "ab");
  await model.clock.advance(2_000);
  model.journal.losing = true;
  model.journal.store(topicOf("a").topicId, text("a1"));
  model.journal.losing = false;
  model.journal.readsFail = true;
  for (const each of ["a2", "b2", "a3", "b3", "a4", "b4"])
    model.journal.store(topicOf(each.slice(0, 1)).topicId, text(each));
  await model.clock.advance(giveUpAfterMs + 10_000);
  expect(events(first.sink)).toEqual(["4 b2", "6 b3", "8 b4"]);
  model.journal.readsFail = false;
  // As another proxy wrote it.
  const { sink } = open(model, "ab", { lastEventId: id(4) });
  await model.clock.advance(10_000);
  expect(events(sink)).toEqual(["5 a3", "6 b3", "7 a4", "8 b4"]);
  expect(sink.text).not.toContain("revenprox.gap");
});

test("a stream that is ahead when a gap is told around its place reads on from there", async () => {
  const model = await storing("b1");
  open(model, "ab");
  await model.clock.advance(2_000);
  model.journal.losing = true;
  model.journal.store(topicOf("a").topicId, text("a1"));
  model.journal.losing = false;
  model.journal.readsFail = true;
  for (const each of ["a2", "b2", "a3", "b3", "a4", "b4"])
    model.journal.store(topicOf(each.slice(0, 1)).topicId, text(each));
  await model.clock.advance(1_000);
  const { sink } = open(model, "ab", { lastEventId: id(4) });
  await model.clock.advance(giveUpAfterMs + 10_000);
  expect(events(sink)).toEqual([]);
  model.journal.readsFail = false;
  await model.clock.advance(10_000);
  expect(events(sink)).toEqual(["5 a3", "6 b3", "7 a4", "8 b4"]);
  expect(sink.text).not.toContain("revenprox.gap");
});

test("a slow stream that is taken into the midst of a gap is told, or reads, all that lies before its end", async () => {
  const model = await storing("b1");
  model.settings.backpressure = { policy: "drop_oldest", maxEvents: 1 };
  const { sink, stream } = open(model, "ab");
  await model.clock.advance(2_000);
  sink.patience = 1;
  model.journal.store(topicOf("b").topicId, text("b2"));
  await model.clock.advance(8_000);
  model.journal.losing = true;
  model.journal.store(topicOf("a").topicId, text("a1"));
  model.journal.losing = false;
  model.journal.readsFail = true;
  for (const each of ["a2", "b3", "a3", "b4", "a4", "b5"])
    model.journal.store(topicOf(each.slice(0, 1)).topicId, text(each));
  await model.clock.advance(giveUpAfterMs + 10_000);
  model.journal.readsFail = false;
  sink.patience = Number.POSITIVE_INFINITY;
  sink.drained();
  stream.writable();
  await model.clock.advance(20_000);
  expect(sink.text).toContain(`{"topic":"a","from":"${id(2)}","to":"${id(7)}","reason":"slow_consumer"`);
  expect(events(sink)).toEqual(["2 b2", "8 a4", "9 b5"]);
});

test("the others wait for a topic whose reads stand in line, for as long as that takes", async () => {
  const model = await storing("b1");
  const { sink } = open(model, "ab");
  await model.clock.advance(2_000);
  model.journal.losing = true;
  model.journal.store(topicOf("a").topicId, text("a1"));
  model.journal.losing = false;
  model.journal.readMs = 2 * giveUpAfterMs;
  for (const each of ["a2", "b2"]) model.journal.store(topicOf(each.slice(0, 1)).topicId, text(each));
  await model.clock.advance(2 * giveUpAfterMs - 1_000);
  expect(events(sink)).toEqual([]);
  await model.clock.advance(2_000);
  expect(events(sink)).toEqual(["2 a1", "3 a2", "4 b2"]);
  expect(model.metrics.gaps).toBe(0);
});

test("time without a connection is no time in which a topic could not be read", async () => {
  const model = await storing("b1");
  const { sink } = open(model, "ab");
  await model.clock.advance(2_000);
  model.journal.losing = true;
  model.journal.store(topicOf("a").topicId, text("a1"));
  model.journal.losing = false;
  model.journal.readsFail = true;
  for (const each of ["a2", "b2"]) model.journal.store(topicOf(each.slice(0, 1)).topicId, text(each));
  await model.clock.advance(giveUpAfterMs / 2);
  model.journal.disconnect();
  await model.clock.advance(giveUpAfterMs);
  model.journal.connect();
  await model.clock.advance(giveUpAfterMs / 2);
  model.journal.readsFail = false;
  await model.clock.advance(10_000);
  expect(events(sink)).toEqual(["2 a1", "3 a2", "4 b2"]);
  expect(model.metrics.gaps).toBe(0);
});

test("a topic of several whose reads fail is asked again alone, and the pages of the others are kept", async () => {
  const model = await storing("a1", "b1");
  const read = model.journal.read.bind(model.journal);
  const asked: string[] = [];
  let failures = 3;
  model.journal.read = async (topicId, after) => {
    asked.push(topicId === topicOf("a").topicId ? "a" : "b");
    if (topicId === topicOf("b").topicId && failures > 0) {
      failures -= 1;
      throw new JournalUnavailable("b cannot be read");
    }
    return await read(topicId, after);
  };
  const { sink } = open(model, "ab", { lastEventId: id(0) });
  await model.clock.advance(5_000);
  expect(events(sink)).toEqual(["1 a1", "2 b1"]);
  expect(asked).toEqual(["a", "b", "b", "b", "b"]);
});

test("a resume that asks for more than it is given is told so for each topic", async () => {
  const past = Array.from({ length: 20 }, (_, index) => `${index % 2 === 0 ? "a" : "b"}${index}`);
  const model = await storing(...past);
  model.settings.resumeLimits = { maxEvents: 2, maxBytes: 1_000_000 };
  const { sink } = open(model, "ab", { lastEventId: id(0) });
  await model.clock.advance(2_000);
  const told = events(sink).length;
  expect(told).toBeGreaterThanOrEqual(2);
  expect(told).toBeLessThan(20);
  for (const topic of ["a", "b"])
    expect(sink.text).toContain(`{"topic":"${topic}","from":"${id(told)}","to":"${id(20)}","reason":"replay_limit"`);
  model.journal.store(topicOf("a").topicId, text("live"));
  await model.clock.settle();
  expect(events(sink).at(-1)).toBe("21 live");
});
