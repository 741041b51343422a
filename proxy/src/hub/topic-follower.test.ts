import { afterEach, describe, expect, test } from "vitest";
import { JournalUnavailable } from "./ports.ts";
import { eventText, gapText, idOf, primingText } from "./testing/expected-text.ts";
import { HubStage } from "./testing/hub-stage.ts";
import { type HubUnderTest, openOn, text, topicOf } from "./testing/hub-under-test.ts";
import { RecordingSink } from "./testing/recording-sink.ts";

const stage = new HubStage();
const start = stage.start;
const opened = stage.opened;
const a = topicOf("a").topicId;

afterEach(() => stage.end());

describe("losses on the way", () => {
  test("are found with the topic's next event, and filled first", async () => {
    const under = start();
    const { sink } = await opened(under);
    under.journal.losing = true;
    under.journal.store(a, text("lost"));
    under.journal.losing = false;
    under.journal.store(a, text("told"));
    await under.clock.settle();
    expect(sink.text).toBe(primingText(0) + eventText(1, "lost") + eventText(2, "told"));
    expect(under.metrics.filled).toBe(2);
  });

  test.each([
    ["at once by a nudge", 0, (under: HubUnderTest) => under.journal.nudge(a, 1)],
    ["within the sweep interval by nobody", 5_000, () => undefined],
  ])("at the tail are found %s", async (_, within, then) => {
    const under = start();
    const { sink } = await opened(under);
    await under.clock.advance(2_000);
    under.journal.losing = true;
    under.journal.store(a, text("lost"));
    then(under);
    await under.clock.advance(within);
    expect(sink.text).toBe(primingText(0) + eventText(1, "lost"));
  });

  test("before the first comparison with a replica that was behind are found after a second", async () => {
    const under = start();
    under.journal.stale = 1;
    under.journal.store(a, text("before"));
    const { sink } = await opened(under);
    under.journal.stale = 0;
    await under.clock.advance(1_000);
    expect(sink.text).toBe(primingText(0) + eventText(1, "before"));
  });

  test("while disconnected are found on the way back; live events wait for that", async () => {
    const under = start();
    const { sink } = await opened(under);
    under.journal.disconnect();
    under.journal.store(a, text("lost"));
    under.journal.answerDelayMs = 100;
    under.journal.connect();
    under.journal.store(a, text("told"));
    await under.clock.settle();
    expect(sink.text).toBe(primingText(0));
    await under.clock.advance(1_000);
    expect(sink.text).toBe(primingText(0) + eventText(1, "lost") + eventText(2, "told"));
  });
});

describe("an epoch", () => {
  test("that begins with a new journal is told as a reset, then its entries", async () => {
    const under = start();
    const { sink } = await opened(under);
    under.journal.store(a, text("old"));
    await under.clock.settle();
    under.journal.restart();
    under.journal.store(a, text("new"));
    await under.clock.settle();
    const next = under.journal.epoch;
    expect(sink.text).toBe(
      primingText(0) +
        eventText(1, "old") +
        gapText(idOf(1), idOf(0, next), "reset") +
        `id: ${idOf(1, next)}\ndata: new\n\n`,
    );
  });

  test("that renames the same entries gives every stream a new id", async () => {
    const under = start();
    const { sink } = await opened(under);
    under.journal.store(a, text("x"));
    await under.clock.settle();
    under.journal.rename();
    await under.clock.settle();
    expect(sink.text).toBe(`${primingText(0) + eventText(1, "x")}id: ${idOf(1, under.journal.epoch)}\n\n`);
    expect(under.metrics.gaps).toBe(0);
  });
});

test("a topic is followed a while longer than it has streams", async () => {
  const under = start();
  const first = await opened(under);
  first.stream.closed();
  await under.clock.advance(2_000);
  const second = await opened(under);
  second.stream.closed();
  await under.clock.advance(2_900);
  expect([under.journal.followed, under.journal.calls.follow]).toEqual([1, 1]);
  await under.clock.advance(200);
  expect(under.journal.followed).toBe(0);
});

test("a drain gives every stream its own retry and a clean end, and lets nobody in", async () => {
  const under = start();
  const clients = Array.from({ length: 20 }, () => openOn(under, "a"));
  await under.clock.settle();
  const drained = under.hub.drain({ withinMs: 25_000, ratePerSec: 20 });
  expect(
    under.hub.open({ topics: [topicOf("a")], encoding: "plain", lastEventId: undefined }, new RecordingSink()),
  ).toEqual({
    refused: "draining",
  });
  await under.clock.advance(400);
  expect(clients.filter(({ sink }) => sink.ended)).toHaveLength(10);
  expect(under.hub.stats()).toMatchObject({ closing: 10 });
  under.journal.store(a, text("late"));
  await under.clock.advance(600);
  expect(clients.every(({ sink }) => sink.ended && sink.overruns === 0)).toBe(true);
  expect(clients[0]?.sink.text.endsWith("retry: 3000\n\n")).toBe(true);
  for (const { stream } of clients) stream.closed();
  await under.clock.advance(100);
  await drained;
  expect(under.hub.stats()).toMatchObject({ closing: 0, totalClosed: 20 });
});

test("a failure of the journal that is no outage is reported, and tried again", async () => {
  const under = start();
  const { follow } = under.journal;
  let tries = 0;
  under.journal.follow = (...parameters) => {
    tries += 1;
    if (tries === 1) return Promise.reject(new TypeError("a bug"));
    if (tries === 2) return Promise.reject(new JournalUnavailable("away"));
    return follow.apply(under.journal, parameters);
  };
  const { sink } = openOn(under, "a");
  await under.clock.advance(1_000);
  expect(sink.text).toContain(`id: ${idOf(0)}`);
  await stage.end(["Following a topic failed; it is tried again TypeError: a bug"]);
});

test("what was told of a journal that is gone before its topic was ever compared is forgotten", async () => {
  const under = start();
  under.journal.answerDelayMs = 300;
  const { sink } = openOn(under, "a");
  await under.clock.advance(300);
  for (let count = 0; count < 5; count += 1) under.journal.store(a, text("old"));
  under.journal.restart();
  under.journal.store(a, text("new"));
  await under.clock.advance(10_000);
  expect(sink.text).not.toContain("old");
  expect(under.metrics.gaps).toBe(0);
});
