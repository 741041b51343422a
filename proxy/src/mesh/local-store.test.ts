import fc from "fast-check";
import { expect, test } from "vitest";
import type { EventType, PublishedEvent } from "../hub/event.ts";
import { text, topicOf } from "../hub/testing/hub-under-test.ts";
import { LocalStore } from "./local-store.ts";

const ids = ["a", "b", "c"].map((name) => topicOf(name).topicId);
const [a, b] = [topicOf("a").topicId, topicOf("b").topicId];
const roomy = { maxEventsPerTopic: 1_000, maxBytes: 10_000_000, maxAgeMs: 60_000 };
const sequences = (store: LocalStore, id = a, after = 0) =>
  store.read(id, after).events.map(({ sequence }) => sequence);

test("keeps so many of a topic, whatever the others do", () => {
  const store = new LocalStore({ ...roomy, maxEventsPerTopic: 2 });
  store.append(b, text("b"), 0);
  for (let count = 0; count < 5; count += 1) store.append(a, text("a"), 0);
  expect([sequences(store, a), sequences(store, b)]).toEqual([[5, 6], [1]]);
  expect([store.firstSequence, store.lastSequence]).toEqual([1, 6]);
});

test("keeps so many bytes, the oldest of all go first", () => {
  const store = new LocalStore({ ...roomy, maxBytes: 3 * 266 });
  for (const id of [b, a, a, b]) store.append(id, text("0123456789"), 0);
  expect([sequences(store, a), sequences(store, b)]).toEqual([[2, 3], [4]]);
  expect(store.bytes).toBe(3 * 266);
});

test("keeps them so long", () => {
  const store = new LocalStore(roomy);
  store.append(a, text("x"), 0);
  store.append(a, text("y"), 30_000);
  store.expire(59_999);
  expect(sequences(store)).toEqual([1, 2]);
  store.expire(60_000);
  expect(sequences(store)).toEqual([2]);
  store.expire(90_000);
  expect([sequences(store), store.lastOf(a), store.firstSequence]).toEqual([[], 0, 3]);
});

test("knows exactly what is missing, even of a topic that is empty now", () => {
  const store = new LocalStore({ ...roomy, maxEventsPerTopic: 2 });
  store.append(b, text("b"), 0);
  for (let count = 0; count < 4; count += 1) store.append(a, text("a"), 10);
  expect([0, 2, 3].map((after) => store.read(a, after).missed)).toEqual([true, true, false]);
  expect(store.read(b, 0).missed).toBe(false);
  store.expire(60_000);
  expect([0, 1].map((after) => store.read(b, after).missed)).toEqual([true, false]);
  expect(store.read(topicOf("never").topicId, 0).missed).toBe(false);
});

test("tells followers of their topic alone, and knows it as exactly as one that nobody follows", () => {
  const store = new LocalStore({ ...roomy, maxEventsPerTopic: 2 });
  const told: unknown[] = [];
  const [stop, stopOther] = ["first", "other"].map((name) =>
    store.follow(a, ({ sequence, previous }) => told.push([name, sequence, previous])),
  );
  store.append(b, text("b"), 0);
  store.append(a, text("1"), 10);
  stopOther?.();
  store.append(a, text("2"), 10);
  expect(told).toEqual([
    ["first", 2, 0],
    ["other", 2, 0],
    ["first", 3, 2],
  ]);
  store.expire(60_010);
  expect([1, 2, 3].map((after) => store.read(a, after).missed)).toEqual([true, true, false]);
  stop?.();
  expect([1, 2, 3].map((after) => store.read(a, after).missed)).toEqual([true, true, false]);
  store.append(a, text("3"), 70_000);
  expect([told.length, sequences(store, a, 3)]).toEqual([3, [4]]);
});

test("reads in pages bounded by count and by bytes", () => {
  const store = new LocalStore({ ...roomy, maxBytes: 1_000_000_000 });
  for (let count = 0; count < 200; count += 1) store.append(a, text("x"), 0);
  expect(store.read(a, 0)).toMatchObject({ completeTo: 128, end: false });
  expect(store.read(a, 128)).toMatchObject({ completeTo: 200, end: true });
  for (let count = 0; count < 3; count += 1) store.append(b, text("x".repeat(600_000)), 0);
  expect(store.read(b, 0)).toMatchObject({ completeTo: 202, end: false });
});

const plain = ({ data, ...rest }: Partial<PublishedEvent>) => ({ ...rest, data: Buffer.from(data ?? []).toString() });

test("who reads an event holds its data, and not what was stored beside it", () => {
  const store = new LocalStore(roomy);
  const given = text("x".repeat(200));
  for (let count = 0; count < 1_000; count += 1) store.append(a, given, 0);
  given.data.fill(0);
  const { events } = store.read(a, 500);
  expect(events.every(({ event }) => event !== undefined && event.data.buffer.byteLength <= Buffer.poolSize)).toBe(
    true,
  );
  expect(plain(events[0]?.event ?? {}).data).toBe("x".repeat(200));
});

test("is what a list with the same limits would be", () => {
  const size = fc.oneof(
    { weight: 9, arbitrary: fc.nat(60) },
    { weight: 1, arbitrary: fc.integer({ min: 2_000, max: 2_100 }) },
  );
  const type = fc.option(fc.constantFrom("price", "trade"), { nil: undefined });
  const operation = fc.oneof(
    fc.record({ append: fc.nat(2), size, type }),
    fc.record({ wait: fc.integer({ min: 1, max: 300 }) }),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
      const limits = { maxEventsPerTopic: 5, maxBytes: 4_500, maxAgeMs: 1_000 };
      const store = new LocalStore(limits);
      let list: { id: (typeof ids)[number]; sequence: number; at: number; bytes: number; event: PublishedEvent }[] = [];
      const removedTo = new Map(ids.map((id) => [id, 0]));
      const removeIf = (gone: (entry: (typeof list)[number]) => boolean) => {
        for (const entry of list) if (gone(entry)) removedTo.set(entry.id, entry.sequence);
        list = list.filter((entry) => !gone(entry));
      };
      let now = 0;
      let last = 0;
      for (const each of operations) {
        if ("wait" in each) now += each.wait;
        removeIf(({ at }) => at + limits.maxAgeMs <= now);
        store.expire(now);
        if ("append" in each) {
          const id = ids[each.append] ?? a;
          const { data } = text(String(last).padEnd(each.size).slice(0, each.size));
          const event = each.type === undefined ? { data } : { data, type: each.type as EventType };
          last = store.append(id, event, now);
          list.push({ id, sequence: last, at: now, bytes: each.size + 256, event });
          const own = list.filter((entry) => entry.id === id);
          removeIf((entry) => own.length > limits.maxEventsPerTopic && entry === own[0]);
          while (list.reduce((sum, { bytes }) => sum + bytes, 0) > limits.maxBytes)
            removeIf((entry) => entry === list[0]);
        }
        expect([store.firstSequence, store.lastSequence]).toEqual([list[0]?.sequence ?? last + 1, last]);
        expect(store.bytes).toBe(list.reduce((sum, { bytes }) => sum + bytes, 0));
        for (const id of ids) {
          const own = list.filter((entry) => entry.id === id).map(({ sequence }) => sequence);
          expect(sequences(store, id)).toEqual(own);
          const events = list.filter((entry) => entry.id === id).map(({ at, event }) => ({ at, ...event }));
          const read = store.read(id, 0).events.map(({ acceptedAt: at, event }) => ({ at, ...event }));
          expect(read.map(plain)).toEqual(events.map(plain));
          expect(store.lastOf(id)).toBe(own.at(-1) ?? 0);
          const to = removedTo.get(id) ?? 0;
          expect(store.read(id, to).missed).toBe(false);
          if (to > 0) expect(store.read(id, to - 1).missed).toBe(true);
        }
      }
    }),
  );
});
