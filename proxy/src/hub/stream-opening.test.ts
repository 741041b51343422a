import { afterEach, describe, expect, test } from "vitest";
import { eventText, gapText, idOf, modelEpoch, primingText } from "./testing/expected-text.ts";
import { HubStage } from "./testing/hub-stage.ts";
import { openOn, text, topicOf } from "./testing/hub-under-test.ts";
import { RecordingSink } from "./testing/recording-sink.ts";

const stage = new HubStage();
const start = stage.start;
const opened = stage.opened;
const a = topicOf("a").topicId;

afterEach(() => stage.end());

describe("a fresh stream", () => {
  test("is told its id and retry in one write, then what comes", async () => {
    const under = start();
    under.journal.store(a, text("before"));
    const { sink } = await opened(under);
    expect(sink.writes.map((write) => new TextDecoder().decode(write))).toEqual([primingText(1)]);
    under.journal.store(a, text("after"));
    await under.clock.settle();
    expect(sink.text).toBe(primingText(1) + eventText(2, "after"));
  });

  test("is placed within the call when its topic is followed already", async () => {
    const under = start();
    await opened(under);
    expect(openOn(under, "a").sink.text).toBe(primingText(0));
  });

  test("hears `retry:` after 200 ms and its id later when the journal takes longer", async () => {
    const under = start();
    under.journal.answerDelayMs = 150;
    const { sink } = openOn(under, "a");
    await under.clock.advance(199);
    expect(sink.text).toBe("");
    await under.clock.advance(1);
    expect(sink.text).toBe("retry: 2000\n\n");
    await under.clock.advance(100);
    expect(sink.text).toBe(`retry: 2000\n\nid: ${idOf(0)}\n\n`);
  });

  test("stays open while there is no journal, with keepalives, and is placed when there is", async () => {
    const under = start();
    under.journal.connected = false;
    const { sink } = openOn(under, "a");
    await under.clock.advance(31_000);
    expect(sink.text).toMatch(/^retry: 2000\n\n(:\n\n){2}$/);
    expect(under.hub.degraded).toEqual(["journal"]);
    expect(under.hub.stats().connecting).toBe(1);
    under.journal.connect();
    await under.clock.advance(5_000);
    expect(sink.text).toContain(`id: ${idOf(0)}\n\n`);
    expect(under.hub.degraded).toEqual([]);
  });
});

describe("a stream that resumes", () => {
  const stored = (count: number) => {
    const under = start();
    for (let sequence = 1; sequence <= count; sequence += 1) under.journal.store(a, text(`event ${sequence}`));
    return under;
  };
  const events = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => eventText(from + index, `event ${from + index}`)).join("");

  test("gets what it missed from the journal, page by page, then what comes", async () => {
    const under = stored(8);
    const { sink } = await opened(under, idOf(1));
    under.journal.store(a, text("event 9"));
    await under.clock.settle();
    expect(sink.text).toBe(primingText(1) + events(2, 9));
    expect(under.metrics.messages).toBe(8);
  });

  test("gets it from the ring when the topic is followed, with no read", async () => {
    const under = stored(0);
    await opened(under);
    for (let sequence = 1; sequence <= 3; sequence += 1) under.journal.store(a, text(`event ${sequence}`));
    await under.clock.settle();
    const { sink } = await opened(under, idOf(1));
    expect(sink.text).toBe(primingText(1) + events(2, 3));
    expect(under.journal.calls.read).toBe(0);
  });

  test("shares each read with all that stand at its place", async () => {
    const under = stored(3);
    await opened(under);
    const sinks = Array.from({ length: 50 }, () => openOn(under, "a", idOf(1)).sink);
    await under.clock.settle();
    expect(new Set(sinks.map(({ text: got }) => got))).toEqual(new Set([primingText(1) + events(2, 3)]));
    expect(under.journal.calls.read).toBe(1);
  });

  test("is told what has expired, and gets the rest", async () => {
    const under = stored(6);
    under.journal.expire(4);
    const { sink } = await opened(under, idOf(1));
    expect(sink.text).toBe(primingText(1) + gapText(idOf(1), idOf(4), "expired") + events(5, 6));
    expect([under.metrics.gaps, under.metrics.droppedMessages]).toEqual([1, 0]);
  });

  test.each([
    ["of another epoch", idOf(2, modelEpoch - 5), gapText(idOf(2, modelEpoch - 5), idOf(3), "reset")],
    ["that does not exist yet", idOf(9), gapText(idOf(9), idOf(3), "future")],
    ["that is none", "42", gapText(null, idOf(3), "invalid")],
  ])("with an id %s is told so, then what comes", async (_, lastEventId, told) => {
    const under = stored(3);
    const { sink } = await opened(under, lastEventId);
    expect(sink.text).toBe(`retry: 2000\n\n${told}`);
    under.journal.store(a, text("event 4"));
    await under.clock.settle();
    expect(sink.text).toBe(`retry: 2000\n\n${told}${events(4, 4)}`);
  });

  test("with an id that only the journal knows gets what comes after it, and its topic catches up", async () => {
    const under = stored(0);
    const first = await opened(under);
    under.journal.losing = true;
    under.journal.stale = 9;
    under.journal.store(a, text("event 1"));
    under.journal.store(a, text("event 2"));
    const { sink } = openOn(under, "a", idOf(1));
    await under.clock.settle();
    under.journal.stale = 0;
    await under.clock.advance(1_000);
    expect(sink.text).toBe(primingText(1) + events(2, 2));
    expect(first.sink.text).toBe(primingText(0) + events(1, 2));
  });

  test("is not told `future` on the strength of an answer that is older than its request", async () => {
    const under = stored(0);
    await opened(under);
    under.journal.losing = true;
    under.journal.stale = 9;
    under.journal.answerDelayMs = 100;
    under.journal.store(a, text("event 1"));
    openOn(under, "a", idOf(1));
    await under.clock.advance(50);
    under.journal.store(a, text("event 2"));
    const { sink } = openOn(under, "a", idOf(2));
    await under.clock.advance(1_000);
    expect(sink.text).toContain(`id: ${idOf(2)}\n\n`);
    expect(under.metrics.gaps).toBe(0);
  });

  test("waits when reads fail, without hammering the journal", async () => {
    const under = stored(3);
    under.journal.readsFail = true;
    const { sink } = await opened(under, idOf(1));
    await under.clock.advance(20_000);
    expect(under.journal.calls.read).toBeLessThan(12);
    expect(sink.text.startsWith(primingText(1))).toBe(true);
    under.journal.readsFail = false;
    await under.clock.advance(5_000);
    expect(sink.text).toContain(events(2, 3));
  });

  test("waits for a replica that is behind, without hammering it", async () => {
    const under = stored(3);
    await opened(under);
    under.journal.stale = 2;
    const { sink } = await opened(under, idOf(1));
    await under.clock.advance(2_000);
    expect(under.journal.calls.read).toBeLessThan(7);
    under.journal.stale = 0;
    await under.clock.advance(5_000);
    expect(sink.text).toContain(events(2, 3));
  });
});

describe("admission", () => {
  test("refuses what is over the limit and touches nothing; the limit may change", async () => {
    const under = start();
    under.settings.maxConnections = 1;
    const { stream } = await opened(under);
    const sink = new RecordingSink();
    const before = under.hub.stats();
    expect(under.hub.open({ topics: [topicOf("b")], encoding: "plain", lastEventId: undefined }, sink)).toEqual({
      refused: "connections_exhausted",
    });
    expect([sink.writes, under.hub.stats(), under.metrics.opened]).toEqual([[], before, 1]);
    under.settings.maxConnections = 2;
    expect(under.hub.stats().effectiveMax).toBe(2);
    openOn(under, "b");
    stream.closed();
    openOn(under, "c");
    expect(under.hub.stats()).toMatchObject({ totalCreated: 3, totalClosed: 1, topics: 2 });
  });

  test("counts a close once, with the stream's lifetime", async () => {
    const under = start();
    const { stream } = await opened(under);
    await under.clock.advance(2_500);
    stream.closed();
    stream.closed();
    stream.writable();
    expect(under.metrics.lifetimes).toEqual([2.5]);
    expect(under.hub.stats()).toMatchObject({ active: 0, idle: 0, connecting: 0, closing: 0, totalClosed: 1 });
  });
});
