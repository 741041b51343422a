import { afterEach, describe, expect, test } from "vitest";
import { idOf } from "./testing/expected-text.ts";
import { HubStage } from "./testing/hub-stage.ts";
import { type HubUnderTest, type OpenClient, openOn, text, topicOf } from "./testing/hub-under-test.ts";
import { RecordingSink } from "./testing/recording-sink.ts";

const stage = new HubStage();

afterEach(() => stage.end());

const events = 300;
const pageSize = 3;
const pages = Math.ceil(events / pageSize);

/** A hub whose topics have a past of which none has a ring. */
const withPast = (topics: readonly string[]): HubUnderTest => {
  const under = stage.start();
  under.settings.maxConnections = 100_000;
  for (let count = 0; count < events; count += 1) {
    const topic = topics[count % topics.length] ?? "a";
    under.journal.store(topicOf(topic).topicId, text(`event ${count + 1}`));
  }
  return under;
};

const received = ({ sink }: OpenClient): number => sink.text.split("\ndata: event ").length - 1;

/** Numbers that look random and are the same in each run. */
const scattered = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => (index * 7_919) % events);

describe("many clients that resume one topic", { timeout: 120_000 }, () => {
  test("at the same place cost one read for each page", async () => {
    const under = withPast(["a"]);
    const clients = Array.from({ length: 1_000 }, () => openOn(under, "a", idOf(0)));
    await under.clock.settle();
    expect(clients.map(received)).toEqual(clients.map(() => events));
    expect(under.journal.calls.read).toBeLessThanOrEqual(pages + 1);
  });

  test("anywhere, in one moment, cost about two reads for each page", async () => {
    const under = withPast(["a"]);
    const places = scattered(1_000);
    const clients = places.map((after) => openOn(under, "a", idOf(after)));
    await under.clock.settle();
    expect(clients.map(received)).toEqual(places.map((after) => events - after));
    expect(under.journal.calls.read).toBeLessThanOrEqual(2 * pages + 2);
  });

  test("one after the other within seconds cost no more", async () => {
    const under = withPast(["a"]);
    const places = scattered(1_000);
    const clients: OpenClient[] = [];
    for (const after of places) {
      clients.push(openOn(under, "a", idOf(after)));
      await under.clock.advance(1);
    }
    expect(clients.map(received)).toEqual(places.map((after) => events - after));
    expect(under.journal.calls.read).toBeLessThanOrEqual(2 * pages + 2);
  });

  test("of whose past the older half is gone cost few reads more", async () => {
    const under = withPast(["a"]);
    under.journal.expire(events / 2);
    const places = scattered(1_000);
    const clients = places.map((after) => openOn(under, "a", idOf(after)));
    await under.clock.settle();
    expect(clients.map(received)).toEqual(places.map((after) => events - Math.max(after, events / 2)));
    const told = clients.map(({ sink }) => sink.text.includes('"reason":"expired"'));
    expect(told).toEqual(places.map((after) => after < events / 2));
    expect(under.journal.calls.read).toBeLessThanOrEqual(pages + 50);
  });

  test("in many sets of topics share the reads of each topic", async () => {
    const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const under = withPast(names);
    const places = scattered(400);
    const sets = places.map((_, index) => [0, 1, 3].map((step) => names[(index + step * (1 + (index % 2))) % 8]));
    const clients = places.map((after, index) => openOn(under, (sets[index] ?? []).join("+"), idOf(after)));
    await under.clock.settle();
    const due = places.map((after, index) => {
      const of = (sets[index] ?? []).map((name) => names.indexOf(name ?? ""));
      return Array.from({ length: events - after }, (_, n) => after + n).filter((at) => of.includes(at % 8)).length;
    });
    expect(clients.map(received)).toEqual(due);
    expect(under.journal.calls.read).toBeLessThanOrEqual(2 * pages + 2 * names.length);
  });

  test("of which some listen to other topics besides share the reads, too", async () => {
    const under = withPast(["a", "b"]);
    const alone = Array.from({ length: 100 }, () => openOn(under, "a", idOf(0)));
    const both = Array.from({ length: 100 }, () => openOn(under, "a+b", idOf(0)));
    await under.clock.settle();
    expect(alone.map(received)).toEqual(alone.map(() => events / 2));
    expect(both.map(received)).toEqual(both.map(() => events));
    expect(under.journal.calls.read).toBeLessThanOrEqual(2 * pages + 10);
  });
});

test("a topic that many clients replay does not hold up another one", async () => {
  const under = withPast(["a", "b"]);
  under.settings.replaysAtOnce = 1;
  under.journal.answerDelayMs = 10;
  for (const after of scattered(1_000)) openOn(under, "a", idOf(after));
  const other = openOn(under, "b", idOf(events - 20));
  // Its ten events are four pages, each behind at most one page of the crowded topic; besides, its opening takes two answers.
  await under.clock.advance(150);
  expect(received(other)).toBe(10);
  under.journal.answerDelayMs = 0;
  await under.clock.advance(10_000);
});

test("live events do not wait for replays", async () => {
  const under = withPast(["a"]);
  const live = await stage.opened(under);
  under.settings.replaysAtOnce = 1;
  for (const after of scattered(1_000)) openOn(under, "a", idOf(after));
  await under.clock.turn();
  under.journal.store(topicOf("a").topicId, text("event now"));
  // A turn writes to a thousand streams, and those that replay are among them; the one after it is for others.
  for (let turn = 0; turn < 3; turn += 1) await under.clock.turn();
  expect(live.sink.text).toContain("data: event now");
  expect(under.hub.queues().reading).toBeGreaterThan(500);
  await under.clock.settle();
});

describe("a resume is bounded", () => {
  test.each([
    ["by events", { maxEvents: 10, maxBytes: 1_000_000 }],
    ["by bytes", { maxEvents: 1_000_000, maxBytes: 10 * 50 }],
  ])("%s: what follows is told as a gap up to the newest", async (_, resumeLimits) => {
    const under = withPast(["a"]);
    await stage.opened(under);
    for (let count = 0; count < 5; count += 1)
      under.journal.store(topicOf("a").topicId, text(`event ${events + count}`));
    await under.clock.settle();
    under.settings.resumeLimits = resumeLimits;
    const resumed = openOn(under, "a", idOf(0));
    await under.clock.settle();
    const gap = /"from":"\d+-(\d+)","to":"\d+-(\d+)","reason":"replay_limit","recoverable":true/.exec(
      resumed.sink.text,
    );
    expect(Number(gap?.[1])).toBeGreaterThanOrEqual(9);
    expect(Number(gap?.[1])).toBeLessThanOrEqual(10 + 2 * pageSize);
    expect(Number(gap?.[2])).toBe(events);
    expect(received(resumed)).toBe(Number(gap?.[1]) + 5);
    under.journal.store(topicOf("a").topicId, text("event now"));
    await under.clock.settle();
    expect(resumed.sink.text).toContain("data: event now");
  });

  test("but a stream that was level and fell behind is not", async () => {
    const under = withPast(["a"]);
    under.settings.resumeLimits = { maxEvents: 10, maxBytes: 1_000_000 };
    const slow = await stage.opened(under);
    slow.sink.patience = 1;
    for (let count = 0; count < 1_000; count += 1) under.journal.store(topicOf("a").topicId, text(`event ${count}`));
    await under.clock.settle();
    slow.sink.patience = Number.POSITIVE_INFINITY;
    slow.sink.drained();
    slow.stream.writable();
    await under.clock.settle();
    expect(received(slow)).toBe(1_000);
    expect(slow.sink.text).not.toContain("replay_limit");
  });
});

describe("many clients that ask for a topic's last events", () => {
  const opened = (under: HubUnderTest, last: number): OpenClient => {
    const sink = new RecordingSink();
    const request = { topics: [topicOf("a")], encoding: "plain", lastEventId: undefined, bootstrap: { last } } as const;
    const stream = under.hub.open(request, sink);
    if ("refused" in stream) throw new Error(stream.refused);
    return { sink, stream };
  };

  test("in one moment ask the journal once for the place", async () => {
    const under = withPast(["a"]);
    const clients = Array.from({ length: 1_000 }, () => opened(under, 30));
    await under.clock.settle();
    expect(clients.map(received)).toEqual(clients.map(() => 30));
    expect(under.journal.calls.locate).toBe(1);
    expect(under.journal.calls.read).toBeLessThanOrEqual(30 / pageSize + 1);
  });

  test("do not ask the journal where the newest events are in memory", async () => {
    const under = withPast(["a"]);
    await stage.opened(under);
    for (let count = 0; count < 10; count += 1) under.journal.store(topicOf("a").topicId, text(`event ${count}`));
    await under.clock.settle();
    expect([3, 10].map((last) => received(opened(under, last)))).toEqual([3, 10]);
    expect([under.journal.calls.locate, under.journal.calls.read]).toEqual([0, 0]);
    const further = opened(under, 11);
    await under.clock.settle();
    expect([received(further), under.journal.calls.locate]).toEqual([11, 1]);
  });
});
