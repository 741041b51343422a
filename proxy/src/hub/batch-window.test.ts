import { afterEach, describe, expect, test } from "vitest";
import { hubBounds } from "./hub-bounds.ts";
import { HubStage } from "./testing/hub-stage.ts";
import { type HubUnderTest, type OpenClient, openOn, text, topicOf } from "./testing/hub-under-test.ts";

const { topicId } = topicOf("a");
const stage = new HubStage();
afterEach(() => stage.end());

const dataOf = ({ sink }: OpenClient): readonly string[] =>
  [...sink.text.matchAll(/^data: (.*)$/gm)].map(([, data]) => data ?? "");

/** A hub with this window and streams on `a` (and one on `a` and `b`) that have got what they can by now. */
const withWindow = async (batchWindowMs: number, bounds = hubBounds) => {
  const under = stage.start(bounds);
  under.settings.batchWindowMs = batchWindowMs;
  const clients = [openOn(under, "a"), openOn(under, "a"), openOn(under, "a+b")];
  await under.clock.advance(1_000);
  return { under, clients };
};

const store = async ({ journal, clock }: HubUnderTest, data: string): Promise<void> => {
  journal.store(topicId, text(data));
  await clock.settle();
};

describe("a batch window", () => {
  test("lets out at once what comes after a quiet one, then one write for all that came, in order", async () => {
    const { under, clients } = await withWindow(10);
    const before = clients.map(({ sink }) => sink.writes.length);
    await store(under, "1");
    for (const client of clients) expect(dataOf(client)).toEqual(["1"]);
    for (const data of ["2", "3", "4"]) {
      await under.clock.advance(3);
      await store(under, data);
    }
    for (const client of clients) expect(dataOf(client)).toEqual(["1"]);
    await under.clock.advance(1);
    for (const [index, client] of clients.entries()) {
      expect(dataOf(client)).toEqual(["1", "2", "3", "4"]);
      expect(client.sink.writes).toHaveLength((before[index] ?? 0) + 2);
    }
  });

  test("delays nothing by more than its length, whenever it comes", async () => {
    const { under, clients } = await withWindow(10);
    const sentAt = new Map<string, number>();
    const seen = new Set<string>();
    let longest = 0;
    for (let tick = 0; tick < 300; tick += 1) {
      await under.clock.advance(1);
      for (const data of dataOf(clients[0] ?? expect.unreachable())) {
        if (!seen.has(data)) longest = Math.max(longest, under.clock.now() - (sentAt.get(data) ?? 0));
        seen.add(data);
      }
      if ((tick * 7) % 5 > 2 || tick > 280) continue;
      sentAt.set(`${tick}`, under.clock.now());
      await store(under, `${tick}`);
    }
    expect(seen.size).toBe(sentAt.size);
    expect(longest).toBe(10);
  });

  test("may be changed while it runs; 0 is a turn of the event loop", async () => {
    const { under, clients } = await withWindow(100);
    await store(under, "1");
    await store(under, "2");
    expect(dataOf(clients[0] ?? expect.unreachable())).toEqual(["1"]);
    under.settings.batchWindowMs = 0;
    await under.clock.advance(100);
    for (const data of ["3", "4"]) await store(under, data);
    expect(dataOf(clients[0] ?? expect.unreachable())).toEqual(["1", "2", "3", "4"]);
  });

  test("ends early where a ring would run over, so that nobody has to read the journal", async () => {
    const { under, clients } = await withWindow(100, { ...hubBounds, ring: { ...hubBounds.ring, maxFrames: 8 } });
    const reads = under.journal.calls.read;
    const sent = Array.from({ length: 50 }, (_, index) => `${index}`);
    for (const data of sent) await store(under, data);
    await under.clock.advance(100);
    for (const client of clients) expect(dataOf(client)).toEqual(sent);
    expect(under.journal.calls.read).toBe(reads);
  });
});
