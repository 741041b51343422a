import fc from "fast-check";
import { expect, test } from "vitest";
import { addTo } from "./event-id.ts";
import { missingEnds } from "./missing-ends.ts";

const soughtOf = (events: readonly number[]) => ({ count: events.length, sum: events.reduce(addTo, 0) });

/** Event n of topic t has a sequence of its own. */
const topicsOf = (lengths: readonly number[]) =>
  lengths.map((length, topic) => Array.from({ length }, (_, event) => 70_000 + event * lengths.length + topic));

const missingOf = (topics: readonly (readonly number[])[], ends: readonly number[]) =>
  topics.flatMap((topic, index) => topic.slice(topic.length - (ends[index] ?? 0)));

test("what is missing from the ends of any topics is found", () => {
  const topic = fc.nat({ max: 12 }).chain((length) => fc.tuple(fc.constant(length), fc.nat({ max: length })));
  const cut = fc.array(topic, { minLength: 1, maxLength: 7 });
  fc.assert(
    fc.property(cut, (lengths) => {
      const topics = topicsOf(lengths.map(([length]) => length));
      const ends = lengths.map(([, end]) => end);
      expect(missingEnds(topics, soughtOf(missingOf(topics, ends)))).toEqual(ends);
    }),
    { numRuns: 300 },
  );
});

test("five busy topics of a proxy that was cut off for seconds", () => {
  const topics = topicsOf([5, 16, 11, 7, 11]);
  const ends = [5, 7, 10, 5, 0];
  expect(missingEnds(topics, soughtOf(missingOf(topics, ends)))).toEqual(ends);
});

test.each([
  ["one from the middle of a topic", [[1, 2, 3]], soughtOf([2])],
  ["an event of another topic", [[1, 2, 3], [4]], soughtOf([9])],
  ["more ways than are looked at", topicsOf(Array.from({ length: 40 }, () => 9)), soughtOf([70_000])],
])("what cannot be told is not guessed: %s", (_, topics, sought) => {
  expect(missingEnds(topics, sought)).toBeUndefined();
});

test("of two ways that lead to the same, neither is taken", () => {
  expect(missingEnds([[7], [7]], soughtOf([7]))).toBeUndefined();
  expect(missingEnds([[7], [7], [9]], soughtOf([7, 9]))).toBeUndefined();
});
