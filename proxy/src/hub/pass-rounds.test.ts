import { afterEach, describe, expect, test } from "vitest";
import { ringLimits } from "./frame-ring.ts";
import { hubBounds } from "./hub-bounds.ts";
import { eventText, primingText } from "./testing/expected-text.ts";
import { HubStage } from "./testing/hub-stage.ts";
import { type HubUnderTest, type OpenClient, openOn, text, topicOf } from "./testing/hub-under-test.ts";

const stage = new HubStage();
afterEach(() => stage.end());

const { topicId } = topicOf("a");
const eventBytes = eventText(1, "x").length;

interface Wanted {
  readonly clients: number;
  readonly maxFrames?: number;
}

/** Pieces of two events; one stream a turn. */
const withClients = async ({ clients: count, maxFrames = ringLimits.maxFrames }: Wanted) => {
  const ring = { ...ringLimits, maxFrames, pieceBytes: 2 * eventBytes };
  const under = stage.start({ ...hubBounds, ring, streamsPerTurn: 1 });
  const clients = Array.from({ length: count }, () => openOn(under, "a"));
  await under.clock.settle();
  return { under, clients };
};

const store = ({ journal }: HubUnderTest, events: number, data = "x"): void => {
  for (let count = 0; count < events; count += 1) journal.store(topicId, text(data));
};

/** A slice of the pass, and the turn that it leaves to others. */
const slices = async ({ clock }: HubUnderTest, count: number): Promise<void> => {
  for (let turn = 0; turn < 2 * count; turn += 1) await clock.turn();
};

/** What came after the stream's first block. */
const writesOf = (clients: readonly OpenClient[]) => clients.map(({ sink }) => sink.writes.slice(1));

const textOf = (events: number, data = "x"): string =>
  primingText(0) + Array.from({ length: events }, (_, index) => eventText(index + 1, data)).join("");

describe("streams that are several writes behind", () => {
  test("get one write each, then the next, of the same bytes", async () => {
    const { under, clients } = await withClients({ clients: 3 });
    store(under, 5);
    const counts: number[][] = [];
    while (await under.clock.turn()) counts.push(writesOf(clients).map(({ length }) => length));
    for (const each of counts) expect(Math.max(...each) - Math.min(...each)).toBeLessThanOrEqual(1);
    const [first, ...others] = writesOf(clients);
    expect(first).toHaveLength(3);
    for (const other of others) for (const [index, write] of other.entries()) expect(write).toBe(first?.[index]);
    for (const { sink } of clients) expect(sink.text).toBe(textOf(5));
  });

  test("get what comes meanwhile too, and nobody anything twice", async () => {
    const { under, clients } = await withClients({ clients: 3 });
    for (let turn = 0; turn < 10; turn += 1) {
      store(under, 1 + (turn % 3));
      await under.clock.turn();
    }
    await under.clock.settle();
    for (const { sink } of clients) expect(sink.text).toBe(textOf(19));
  });

  test("count as having an event once the last of them was written it", async () => {
    const { under } = await withClients({ clients: 2 });
    store(under, 3);
    await slices(under, 3);
    expect(under.metrics.latencies).toEqual([]);
    await slices(under, 1);
    expect(under.metrics.latencies).toHaveLength(3);
  });

  test("do not hold up the pass while a client takes nothing", async () => {
    const { under, clients } = await withClients({ clients: 2 });
    const [slow, fast] = clients;
    if (slow !== undefined) slow.sink.patience = 1;
    store(under, 5);
    await under.clock.settle();
    expect(fast?.sink.text).toBe(textOf(5));
    expect([slow?.sink.writes.length, slow?.sink.overruns]).toEqual([2, 0]);
    slow?.sink.drained();
    if (slow !== undefined) slow.sink.patience = Number.POSITIVE_INFINITY;
    slow?.sink.drained();
    slow?.stream.writable();
    expect(slow?.sink.text).toBe(textOf(5));
  });

  test("are all written before others get their turn, once half of the ring waits for them", async () => {
    const { under, clients } = await withClients({ clients: 3, maxFrames: 8 });
    store(under, 3);
    await slices(under, 1);
    expect(writesOf(clients).filter(({ length }) => length > 0)).toHaveLength(1);
    store(under, 1);
    await under.clock.turn();
    expect(writesOf(clients).filter(({ length }) => length > 0)).toHaveLength(3);
  });

  test("need no journal as long as no more comes in a turn than a quarter of the ring", async () => {
    const { under, clients } = await withClients({ clients: 20, maxFrames: 8 });
    const { read } = under.journal.calls;
    for (let turn = 0; turn < 50; turn += 1) {
      store(under, 2);
      await under.clock.turn();
    }
    await under.clock.settle();
    for (const { sink } of clients) expect(sink.text).toBe(textOf(100));
    expect(under.journal.calls.read).toBe(read);
  });
});

test("streams that lost the ring share each piece that is made from the journal", async () => {
  const { under, clients } = await withClients({ clients: 3, maxFrames: 2 });
  // Three of them are a page, two a piece.
  const data = "x".repeat(6_000);
  store(under, 9, data);
  await under.clock.settle();
  const [first, ...others] = writesOf(clients);
  expect(first?.length).toBe(6);
  for (const other of others) for (const [index, write] of other.entries()) expect(write).toBe(first?.[index]);
  for (const { sink } of clients) expect(sink.text).toBe(textOf(9, data));
});
