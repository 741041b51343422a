import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EventType, PublishedEvent, TopicId } from "../hub/event.ts";
import type { Cursor, Journal, LiveEvent, StoredEvent } from "../hub/ports.ts";
import { eventually } from "./testing/eventually.ts";
import type { RecordingListener } from "./testing/recording-listener.ts";

/** A journal as two proxies see it; both are the same object where the journal belongs to one process. */
export interface JournalUnderTest {
  readonly publisher: Journal;
  readonly follower: Journal;
  readonly listener: RecordingListener;
  close(): Promise<void>;
}

/** Events kept for each topic in the journals under test. */
export const eventsPerTopic = 250;

const text = (data: string): PublishedEvent => ({ data: new TextEncoder().encode(data) });
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const dataOf = (event: StoredEvent): string | undefined =>
  event.event === undefined ? undefined : new TextDecoder().decode(event.event.data);

/** The behaviour of the `Journal` port. `create` gives an empty journal that is connected. */
export const describeJournal = (name: string, create: () => Promise<JournalUnderTest>): void => {
  describe(`the journal port: ${name}`, () => {
    let made: JournalUnderTest;
    let topics = 0;

    beforeAll(async () => {
      made = await create();
    });
    afterAll(() => made.close());

    const topic = (): TopicId => {
      topics += 1;
      return topics.toString(16).padStart(32, "0") as TopicId;
    };
    const store = async (topicId: TopicId, event: PublishedEvent): Promise<Cursor> => {
      const outcome = await made.publisher.publish(topicId, event);
      if (outcome.kind !== "stored") throw new Error(`not stored: ${outcome.kind}`);
      return outcome.cursor;
    };
    const storeMany = (topicId: TopicId, count: number): Promise<Cursor[]> =>
      Promise.all(Array.from({ length: count }, (_, index) => store(topicId, text(`event ${index}`))));
    const follow = async (topicId: TopicId) => {
      const told: LiveEvent[] = [];
      const following = await made.follower.follow(topicId, (event) => told.push(event));
      return { told, stop: () => following.stop() };
    };
    const readAll = async (topicId: TopicId, after: number) => {
      const events: StoredEvent[] = [];
      let missed = false;
      for (let from = after, end = false; !end; ) {
        const page = await made.follower.read(topicId, from);
        events.push(...page.events);
        missed ||= page.missed;
        end = page.end;
        from = page.completeTo;
      }
      return { events, missed };
    };

    it("answers a publish with its place, which is known from then on", async () => {
      const topicId = topic();
      const first = await store(topicId, text("one"));
      const second = await store(topicId, text("two"));
      expect(second.epoch).toBe(first.epoch);
      expect(second.sequence).toBeGreaterThan(first.sequence);
      expect(made.publisher.known).toEqual(second);
    });

    it("tells what is published after it was followed, each after its predecessor", async () => {
      const topicId = topic();
      const { told, stop } = await follow(topicId);
      const before = Date.now();
      const first = await store(topicId, { ...text("one"), type: "note" as EventType, retry: 5_000 });
      await store(topic(), text("of another topic"));
      const second = await store(topicId, text("two"));
      await eventually("both events are told", () => told.length === 2);
      stop();

      expect(told.map(dataOf)).toEqual(["one", "two"]);
      expect(told.map((event) => event.sequence)).toEqual([first.sequence, second.sequence]);
      expect(told.map((event) => event.previous)).toEqual([0, first.sequence]);
      expect(told[0]?.event).toMatchObject({ type: "note", retry: 5_000 });
      expect(told[1]?.event).not.toHaveProperty("type");
      expect(told[1]?.event).not.toHaveProperty("retry");
      for (const { acceptedAt } of told) {
        expect(acceptedAt).toBeGreaterThanOrEqual(before - 50);
        expect(acceptedAt).toBeLessThanOrEqual(Date.now());
      }
    });

    it("tells nothing of a topic that is no longer followed", async () => {
      const topicId = topic();
      const first = await follow(topicId);
      first.stop();
      const second = await follow(topicId);
      await store(topicId, text("late"));
      await eventually("the second follower is told", () => second.told.length === 1);
      second.stop();
      expect(first.told).toEqual([]);
    });

    it.each([
      ["nothing", ""],
      ["line ends", "a\r\nb\rc\n"],
      ["all of Unicode", "\ufeffgr\u00fc\u00dfe \u{1f600}\u0000"],
      ["100 kB", "x".repeat(100_000)],
    ])("keeps data byte for byte: %s", async (_, data) => {
      const topicId = topic();
      const { told, stop } = await follow(topicId);
      await store(topicId, text(data));
      const [live] = await eventually("the event is told", () => told.length === 1 && told);
      stop();
      const { events } = await readAll(topicId, 0);
      const expected = new TextEncoder().encode(data);
      expect(new Uint8Array(live?.event?.data ?? [])).toEqual(expected);
      expect(new Uint8Array(events[0]?.event?.data ?? [])).toEqual(expected);
    });

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
      const page = await made.follower.read(topicId, after);
      expect(page.events.map(dataOf)).toEqual(["event 3", "event 4"]);
      expect(page).toMatchObject({ missed: false, end: true });
      expect(page.completeTo).toBeGreaterThanOrEqual(cursors[4]?.sequence ?? 0);
    });

    it("reads nothing of a topic that never was, and says how far it looked", async () => {
      const { sequence } = await store(topic(), text("of another topic"));
      await eventually("the other proxy knows", async () => (await made.follower.bounds()).lastSequence >= sequence);
      const page = await made.follower.read(topic(), 0);
      expect(page).toMatchObject({ events: [], end: true, missed: false });
    });

    it("says when entries after the cursor may be gone, and only then", async () => {
      const topicId = topic();
      const { sequence: before } = await store(topic(), text("before"));
      const cursors = await storeMany(topicId, eventsPerTopic + 10);
      const oldest = cursors[10]?.sequence ?? 0;
      const all = await made.follower.read(topicId, before);
      expect(all.missed).toBe(true);
      expect(all.events[0]?.sequence).toBe(oldest);
      expect((await made.follower.read(topicId, cursors[3]?.sequence ?? 0)).missed).toBe(true);
      expect((await made.follower.read(topicId, oldest)).missed).toBe(false);
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
      const after = await made.follower.locate(topicId, { last: count });
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
      const after = await made.follower.locate(topicId, { since: time });
      expect((await readAll(topicId, after)).events.map(({ sequence }) => sequence)).toEqual(
        cursors.map(({ sequence }) => sequence),
      );
      const past = await made.follower.locate(topicId, { since: time - 3_600_000 });
      expect((await readAll(topicId, past)).events).toHaveLength(6);
      const future = await made.follower.locate(topicId, { since: time + 3_600_000 });
      expect((await readAll(topicId, future)).events).toEqual([]);
    });

    it("finds a place in a topic that never was", async () => {
      const { sequence } = await store(topic(), text("of another topic"));
      await eventually("the other proxy knows", async () => (await made.follower.bounds()).lastSequence >= sequence);
      for (const place of [{ last: 3 }, { since: 0 }])
        expect(await made.follower.locate(topic(), place)).toBeGreaterThanOrEqual(sequence);
    });

    it("knows the last sequence of topics, also after more was stored", async () => {
      const [used, unused] = [topic(), topic()];
      const first = await store(used, text("one"));
      const look = async () => made.follower.tails([used, unused]);
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
      const { last } = await made.follower.tails(ids);
      expect(last.size).toBe(ids.length);
      const sequences = ids.map((id) => last.get(id));
      expect(sequences.slice(0, 50)).toEqual(cursors.map((cursor) => cursor.sequence));
      expect(new Set(sequences.slice(50))).toEqual(new Set([0]));
    });

    it("knows its bounds", async () => {
      const { epoch, sequence } = await store(topic(), text("last"));
      const bounds = await made.follower.bounds();
      expect(bounds.epoch).toBe(epoch);
      expect(bounds.lastSequence).toBeGreaterThanOrEqual(sequence);
      expect(bounds.firstSequence).toBeGreaterThanOrEqual(1);
      expect(bounds.firstSequence).toBeLessThanOrEqual(sequence);
    });

    it("stores an event with a message id once, and answers its place to whoever repeats it", async () => {
      const topicId = topic();
      const publish = (data: string) => made.publisher.publish(topicId, text(data), `id-of-${topicId}`);
      const first = await publish("one");
      const again = await publish("one");
      const other = await publish("of another body");
      expect(first).toMatchObject({ kind: "stored" });
      expect(first).not.toHaveProperty("duplicate");
      expect([again, other]).toEqual([
        { ...first, duplicate: true },
        { ...first, duplicate: true },
      ]);
      expect((await readAll(topicId, 0)).events.map(dataOf)).toEqual(["one"]);
    });

    it("stores an event with a message id once when it is published twice at the same moment", async () => {
      const topicId = topic();
      const publish = () => made.publisher.publish(topicId, text("one"), `id-of-${topicId}`);
      const outcomes = await Promise.all([publish(), publish()]);
      expect(outcomes.map((outcome) => outcome.kind === "stored" && outcome.duplicate === true).toSorted()).toEqual([
        false,
        true,
      ]);
      expect((await readAll(topicId, 0)).events).toHaveLength(1);
    });

    it("stores events together, one after the other, and tells each of them", async () => {
      const topicId = topic();
      const { told, stop } = await follow(topicId);
      const before = await store(topicId, text("before"));
      const batch = [text("1"), { ...text("2"), type: "note" as EventType }, text("3")];
      const disturbing = storeMany(topic(), 50);
      const outcome = await made.publisher.publishTogether(topicId, batch);
      await disturbing;
      if (outcome.kind !== "stored") throw new Error(`not stored: ${outcome.kind}`);
      const { epoch, sequence: last } = outcome.cursor;
      expect(epoch).toBe(before.epoch);
      expect(made.publisher.mostTogether).toBeGreaterThanOrEqual(1_000);

      const { events } = await readAll(topicId, before.sequence);
      expect(events.map(({ sequence }) => sequence)).toEqual([last - 2, last - 1, last]);
      expect(events.map(dataOf)).toEqual(["1", "2", "3"]);
      expect(events[1]?.event?.type).toBe("note");
      await eventually("all are told", () => told.length === 4);
      stop();
      expect(told.map(({ previous }) => previous)).toEqual([0, before.sequence, last - 2, last - 1]);
    });

    it("stores as many events together as it says it can", async () => {
      const topicId = topic();
      const count = Math.min(1_000, made.publisher.mostTogether);
      const outcome = await made.publisher.publishTogether(
        topicId,
        Array.from({ length: count }, (_, index) => text(`event ${index}`)),
      );
      expect(outcome).toMatchObject({ kind: "stored" });
      const { events } = await readAll(topicId, 0);
      expect(dataOf(events.at(-1) as StoredEvent)).toBe(`event ${count - 1}`);
      expect(events).toHaveLength(eventsPerTopic);
    });

    it("is connected, and said so", () => {
      expect(made.follower.connected).toBe(true);
      expect(made.listener.resyncs).toContain("connected");
      expect(made.listener.epochs).toEqual([]);
    });
  });
};
