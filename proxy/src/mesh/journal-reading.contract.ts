import { expect, it } from "vitest";
import type { Cursor } from "../hub/ports.ts";
import { eventually } from "./testing/eventually.ts";
import { dataOf, eventsPerTopic, type JournalStage, text } from "./testing/journal-stage.ts";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** How the `Journal` port reads the past of topics, and finds places in it. */
export const readsThePast = (stage: JournalStage): void => {
  const { topic, store, storeMany, readAll } = stage;

  it("reads a topic's past in pages, ascending and whole", async () => {
    const topicId = topic();
    await store(topic(), text("of another topic"));
    const cursors = await storeMany(topicId, 230);
    const { events, missed } = await readAll(topicId, 0);
    expect(events.map((event) => event.sequence)).toEqual(cursors.map((cursor) => cursor.sequence));
    expect(events.map(dataOf)).toEqual(cursors.map((_, index) => `event ${index}`));
    expect(missed).toBe(false);
  });

  it("reads only what lies after the cursor", async () => {
    const topicId = topic();
    const cursors = await storeMany(topicId, 5);
    const after = cursors[2]?.sequence ?? 0;
    const page = await stage.made.follower.read(topicId, after);
    expect(page.events.map(dataOf)).toEqual(["event 3", "event 4"]);
    expect(page).toMatchObject({ missed: false, end: true });
    expect(page.completeTo).toBeGreaterThanOrEqual(cursors[4]?.sequence ?? 0);
  });

  it("reads nothing of a topic that never was, and says how far it looked", async () => {
    const { sequence } = await store(topic(), text("of another topic"));
    await eventually(
      "the other proxy knows",
      async () => (await stage.made.follower.bounds()).lastSequence >= sequence,
    );
    const page = await stage.made.follower.read(topic(), 0);
    expect(page).toMatchObject({ events: [], end: true, missed: false });
  });

  it("says when entries after the cursor may be gone, and only then", async () => {
    const topicId = topic();
    const { sequence: before } = await store(topic(), text("before"));
    const cursors = await storeMany(topicId, eventsPerTopic + 10);
    const oldest = cursors[10]?.sequence ?? 0;
    const all = await stage.made.follower.read(topicId, before);
    expect(all.missed).toBe(true);
    expect(all.events[0]?.sequence).toBe(oldest);
    expect((await stage.made.follower.read(topicId, cursors[3]?.sequence ?? 0)).missed).toBe(true);
    expect((await stage.made.follower.read(topicId, oldest)).missed).toBe(false);
    expect((await readAll(topicId, oldest)).events).toHaveLength(eventsPerTopic - 1);
  });

  it.each([1, 2, 7, 40, 60, 99])("finds the place before the last entries of a topic: %i", async (count) => {
    const topicId = topic();
    const cursors: Cursor[] = [];
    // Others lie between them, unevenly.
    for (let index = 0; index < 60; index += 1) {
      cursors.push(await store(topicId, text(`event ${index}`)));
      if (index % 7 === 0) await storeMany(topic(), index);
    }
    const after = await stage.made.follower.locate(topicId, { last: count });
    const { events } = await readAll(topicId, after);
    expect(events.map(({ sequence }) => sequence)).toEqual(cursors.slice(-count).map(({ sequence }) => sequence));
  });

  it("finds the place before the first entry of a time", async () => {
    const topicId = topic();
    await storeMany(topicId, 3);
    await pause(30);
    const time = Date.now();
    await pause(30);
    const cursors = await storeMany(topicId, 3);
    const after = await stage.made.follower.locate(topicId, { since: time });
    expect((await readAll(topicId, after)).events.map(({ sequence }) => sequence)).toEqual(
      cursors.map(({ sequence }) => sequence),
    );
    const past = await stage.made.follower.locate(topicId, { since: time - 3_600_000 });
    expect((await readAll(topicId, past)).events).toHaveLength(6);
    const future = await stage.made.follower.locate(topicId, { since: time + 3_600_000 });
    expect((await readAll(topicId, future)).events).toEqual([]);
  });

  it("finds a place in a topic that never was", async () => {
    const { sequence } = await store(topic(), text("of another topic"));
    await eventually(
      "the other proxy knows",
      async () => (await stage.made.follower.bounds()).lastSequence >= sequence,
    );
    for (const place of [{ last: 3 }, { since: 0 }])
      expect(await stage.made.follower.locate(topic(), place)).toBeGreaterThanOrEqual(sequence);
  });

  it("knows the last sequence of topics, also after more was stored", async () => {
    const [used, unused] = [topic(), topic()];
    const first = await store(used, text("one"));
    const look = async () => stage.made.follower.tails([used, unused]);
    const tails = await look();
    expect(tails.epoch).toBe(first.epoch);
    expect(tails.last).toEqual(
      new Map([
        [used, first.sequence],
        [unused, 0],
      ]),
    );
    expect(tails.checkedTo).toBeGreaterThanOrEqual(first.sequence);
    const second = await store(used, text("two"));
    const third = await store(unused, text("three"));
    const { last } = await look();
    expect([last.get(used), last.get(unused)]).toEqual([second.sequence, third.sequence]);
  });

  it("knows the tails of many topics at once", async () => {
    const ids = Array.from({ length: 2_500 }, topic);
    const cursors = await Promise.all(ids.slice(0, 50).map((id) => store(id, text("x"))));
    const { last } = await stage.made.follower.tails(ids);
    expect(last.size).toBe(ids.length);
    const sequences = ids.map((id) => last.get(id));
    expect(sequences.slice(0, 50)).toEqual(cursors.map((cursor) => cursor.sequence));
    expect(new Set(sequences.slice(50))).toEqual(new Set([0]));
  });

  it("knows its bounds", async () => {
    const { epoch, sequence } = await store(topic(), text("last"));
    const bounds = await stage.made.follower.bounds();
    expect(bounds.epoch).toBe(epoch);
    expect(bounds.lastSequence).toBeGreaterThanOrEqual(sequence);
    expect(bounds.firstSequence).toBeGreaterThanOrEqual(1);
    expect(bounds.firstSequence).toBeLessThanOrEqual(sequence);
  });
};
