import { afterEach, describe, expect, test } from "vitest";
import { pageLimits } from "./shared-pages.ts";
import { eventText, gapText, idOf, primingText } from "./testing/expected-text.ts";
import { HubStage } from "./testing/hub-stage.ts";
import { openOn, text, topicOf } from "./testing/hub-under-test.ts";

const stage = new HubStage();
const start = stage.start;
const opened = stage.opened;
const a = topicOf("a").topicId;

afterEach(() => stage.end());

describe("what comes in one turn", () => {
  test("is one write for each stream, of the same bytes", async () => {
    const under = start();
    const clients = [await opened(under), await opened(under)];
    for (const data of ["one", "two", "three"]) under.journal.store(a, text(data));
    await under.clock.settle();
    const [first, second] = clients.map(({ sink }) => sink.writes.slice(1));
    expect([first?.length, second?.length]).toEqual([1, 1]);
    expect(first?.[0]).toBe(second?.[0]);
    expect([under.metrics.messages, under.metrics.latencies]).toEqual([6, [0, 0, 0]]);
    expect(under.metrics.bytes).toBe(clients.reduce((sum, { sink }) => sum + sink.byteLength, 0));
  });

  test("is written over several turns, with one for others between, when there are many streams", async () => {
    const under = start();
    under.settings.maxConnections = 10_000;
    await opened(under);
    const sinks = Array.from({ length: 2_500 }, () => openOn(under, "a").sink);
    await under.clock.settle();
    under.journal.store(a, text("one"));
    const got = [];
    for (let turn = 0; turn < 6; turn += 1) {
      await under.clock.turn();
      got.push(sinks.filter(({ writes }) => writes.length > 1).length);
    }
    expect(got).toEqual([1_000, 1_000, 2_000, 2_000, 2_500, 2_500]);
  });

  test("does not hold up another topic behind a crowded one", async () => {
    const under = start();
    under.settings.maxConnections = 10_000;
    await opened(under);
    for (let count = 0; count < 2_500; count += 1) openOn(under, "a");
    const other = openOn(under, "b");
    await under.clock.settle();
    under.journal.store(a, text("one"));
    under.journal.store(topicOf("b").topicId, text("two"));
    for (let turn = 0; turn < 3; turn += 1) await under.clock.turn();
    expect(other.sink.text).toContain("data: two");
  });

  test("costs nothing on a topic without listeners", async () => {
    const under = start();
    await opened(under);
    await under.hub.publish(topicOf("nobody").topicId, text("x"));
    await under.clock.settle();
    expect(under.metrics).toMatchObject({ messages: 0, latencies: [] });
  });
});

describe("a slow client", () => {
  test("is left alone until it can take more, and loses nothing", async () => {
    const under = start();
    const { sink, stream } = await opened(under);
    sink.patience = 1;
    for (let count = 0; count < 5; count += 1) {
      under.journal.store(a, text("x"));
      await under.clock.settle();
    }
    expect([sink.writes.length, sink.overruns]).toEqual([2, 0]);
    await under.clock.advance(60_000);
    expect(sink.overruns).toBe(0);
    sink.patience = Number.POSITIVE_INFINITY;
    sink.drained();
    stream.writable();
    expect(sink.text).toBe(primingText(0) + [1, 2, 3, 4, 5].map((sequence) => eventText(sequence, "x")).join(""));
  });

  test("is told what the journal no longer has, and that counts as dropped", async () => {
    const ring = { maxFrames: 1, maxBytes: 10_000, pieceBytes: 100 };
    const feed = { maxHeldEvents: 10, maxHeldBytes: 1_000, patienceMs: 10_000 };
    const under = start({
      ring,
      feed,
      merge: { maxItems: 10, maxBytes: 1_000 },
      ringBudgetBytes: 10_000,
      streamsPerTurn: 10,
      pages: pageLimits,
    });
    const { sink, stream } = await opened(under);
    sink.patience = 1;
    for (let count = 0; count < 5; count += 1) {
      under.journal.store(a, text("x"));
      await under.clock.settle();
    }
    under.journal.expire(4);
    sink.patience = Number.POSITIVE_INFINITY;
    sink.drained();
    stream.writable();
    await under.clock.settle();
    expect(sink.text).toBe(
      primingText(0) + eventText(1, "x") + gapText(idOf(1), idOf(4), "expired") + eventText(5, "x"),
    );
    expect([under.metrics.gaps, under.metrics.droppedMessages]).toEqual([1, 1]);
  });
});

describe("keepalives", () => {
  test("come each interval, and carry the id when the journal moved on", async () => {
    const under = start();
    const { sink } = await opened(under);
    await under.clock.advance(16_000);
    expect(sink.text).toBe(`${primingText(0)}:\n\n`);
    under.journal.store(topicOf("b").topicId, text("elsewhere"));
    await under.clock.advance(15_000);
    expect(sink.text).toBe(`${primingText(0)}:\n\n:\nid: ${idOf(1)}\n\n`);
  });

  test("make a stream idle that got no event since the last", async () => {
    const under = start();
    await opened(under);
    under.journal.store(a, text("x"));
    await under.clock.settle();
    expect(under.hub.stats()).toMatchObject({ active: 1, idle: 0 });
    await under.clock.advance(15_000);
    expect(under.hub.stats()).toMatchObject({ active: 0, idle: 1 });
  });
});
