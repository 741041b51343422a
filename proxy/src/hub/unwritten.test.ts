import { expect, test } from "vitest";
import type { Topic, TopicId } from "./event.ts";
import { addTo } from "./event-id.ts";
import type { JournalPage } from "./ports.ts";
import { findUnwritten } from "./unwritten.ts";

const event = { data: new TextEncoder().encode("x") };
const members = ["a", "b"].map((name) => ({ topic: name as Topic, topicId: name as TopicId }));

interface Stored {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly malformed?: readonly number[];
  readonly missed?: boolean;
  readonly end?: number;
}

/** Pages of two entries. */
const pagesOf = ({ a, b, malformed = [], missed = false, end = 100 }: Stored) => {
  const reads: number[] = [];
  const read = async (topicId: TopicId, after: number): Promise<JournalPage> => {
    reads.push(after);
    const left = (topicId === "a" ? a : b).filter((sequence) => sequence > after);
    const events = left
      .slice(0, 2)
      .map((sequence) => ({ sequence, acceptedAt: 0, ...(malformed.includes(sequence) ? {} : { event }) }));
    const isEnd = left.length <= 2;
    return { events, missed, completeTo: isEnd ? Math.max(end, after) : (events.at(-1)?.sequence ?? end), end: isEnd };
  };
  return { read, reads };
};

const proofOf = (base: number, written: readonly number[]) => ({
  base,
  count: written.length,
  sum: written.reduce(addTo, 0),
  set: "",
});

const compare = async (stored: Stored, written: readonly number[], base = 10) => {
  const claim = { to: 20, proof: proofOf(base, written) };
  const found = await findUnwritten(pagesOf(stored), members, claim, () => true);
  return found?.kind === "events" ? found.events.map(({ topic, sequence }) => `${sequence}${topic}`) : found;
};

test.each<[string, Stored, readonly number[], unknown]>([
  ["nothing", { a: [11, 13, 20], b: [12, 18, 21] }, [11, 12, 13, 18, 20], []],
  ["one", { a: [11, 13, 20], b: [12, 18] }, [11, 12, 13, 20], ["18b"]],
  ["the last of a topic", { a: [11, 20], b: [12, 14, 15, 18] }, [11, 12, 20], ["14b", "15b", "18b"]],
  ["the last of both", { a: [11, 13, 17], b: [12, 18] }, [11, 12], ["13a", "17a", "18b"]],
  ["others of the same sum", { a: [13, 16], b: [12, 17] }, [12, 17], ["13a", "16a"]],
  ["everything", { a: [11, 17], b: [12] }, [], ["11a", "12b", "17a"]],
  ["but not what breaks the format", { a: [11, 13, 20], b: [12, 18], malformed: [13, 18] }, [11, 12, 20], []],
])("what is missing is found: %s", async (_, stored, written, expected) => {
  expect(await compare(stored, written)).toEqual(expected);
});

test.each<[string, Stored, readonly number[], unknown]>([
  ["from within a topic", { a: [11, 13, 20], b: [12] }, [13, 20, 12], { kind: "unknown", reason: "unreadable" }],
  ["gone", { a: [20], b: [], missed: true }, [20], { kind: "unknown", reason: "expired" }],
  ["more was written than is stored", { a: [], b: [] }, [12], { kind: "void" }],
  ["other events were written", { a: [11], b: [] }, [12], { kind: "void" }],
])("what cannot be told for sure is no event: %s", async (_, stored, written, expected) => {
  expect(await compare(stored, written)).toEqual(expected);
});

test("a replica that has not got so far is asked again", async () => {
  expect(await compare({ a: [], b: [], end: 15 }, [])).toBeUndefined();
});

test("a forged base costs a bounded number of reads", async () => {
  const many = Array.from({ length: 12_000 }, (_, index) => index + 1);
  const { read, reads } = pagesOf({ a: many, b: [] });
  const claim = { to: 12_000, proof: { ...proofOf(0, []), count: 12_000 } };
  expect(await findUnwritten({ read }, members, claim, () => true)).toEqual({ kind: "void" });
  expect(reads.length).toBeLessThan(5_000);
});
