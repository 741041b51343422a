import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketCount, bucketOf, parseDigests } from "./bucket-digest.ts";
import { topicIn } from "./testing/heartbeats.ts";
import { type TopicCount, TopicTable } from "./topic-table.ts";

const filled = (topics: readonly TopicCount[]): TopicTable => {
  const table = new TopicTable();
  for (const [topicId, count] of topics) table.set(topicId, count);
  return table;
};

const differing = (a: TopicTable, b: TopicTable): readonly number[] =>
  Array.from({ length: bucketCount }, (_, bucket) => bucket).filter((bucket) => !a.digests.equals(b.digests, bucket));

describe("the table of one proxy's topics", () => {
  it("has the same digests whatever the order in which the same counts came about", () => {
    const change = fc.tuple(
      fc.nat(3).map((number) => topicIn(number * 60, number % 2)),
      fc.nat(3),
    );
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const table = filled(changes);
        const last = new Map(changes);
        expect(differing(table, filled([...last].toReversed()))).toEqual([]);
        expect(table.size).toBe([...last.values()].filter((count) => count > 0).length);
      }),
    );
  });

  it.each<[string, readonly TopicCount[]]>([
    ["another count", [[topicIn(7), 2]]],
    ["no such topic", []],
    ["another topic of the bucket", [[topicIn(7, 1), 1]]],
    [
      "two topics",
      [
        [topicIn(7), 1],
        [topicIn(6), 1],
      ],
    ],
  ])("has another digest for %s", (_, other) => {
    expect(differing(filled([[topicIn(7), 1]]), filled(other))).toEqual([3]);
  });

  it("replaces a bucket and leaves the others", () => {
    const table = filled([
      [topicIn(0), 1],
      [topicIn(1), 2],
      [topicIn(255), 3],
    ]);
    table.replace(0, [
      [topicIn(1), 5],
      [topicIn(255), 9],
    ]);
    expect([table.count(topicIn(0)), table.count(topicIn(1)), table.count(topicIn(255)), table.size]).toEqual([
      0, 5, 3, 2,
    ]);
    expect(
      differing(
        table,
        filled([
          [topicIn(255), 3],
          [topicIn(1), 5],
        ]),
      ),
    ).toEqual([]);
    table.clear();
    expect([table.size, differing(table, new TopicTable())]).toEqual([0, []]);
  });

  it("spreads ids over all buckets", () => {
    expect(new Set(Array.from({ length: 256 }, (_, byte) => bucketOf(topicIn(byte)))).size).toBe(bucketCount);
  });

  it("has digests that are read as they were written", () => {
    const table = filled([
      [topicIn(3), 1],
      [topicIn(200), 70_000],
    ]);
    const read = parseDigests(table.digests.toText());
    expect(read?.toText()).toBe(table.digests.toText());
    expect(parseDigests("AAAA")).toBeUndefined();
    expect(parseDigests(7)).toBeUndefined();
  });
});
