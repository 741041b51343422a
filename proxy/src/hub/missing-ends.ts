import { addTo, joinSums, partSums } from "./event-id.ts";

/** Ways to cut each half of the topics that are looked at; some milliseconds of work. */
const maxWays = 32_768;

/** What is missing from all topics together. */
export interface Sought {
  /** Events. */
  readonly count: number;
  /** `addTo` of their sequences. */
  readonly sum: number;
}

/** Each way to leave out the last events of some topics: a number: how many of each topic's last events, in mixed radix. */
interface Ways {
  readonly topics: readonly (readonly number[])[];
  readonly counts: readonly number[];
  readonly sums: readonly number[];
}

/**
 * How many of each topic's last events to leave out so that `sought` is what was left out; undefined where no way leads
 * there, or more than one, or there are too many to look at. Sequences ascend within a topic.
 *
 * All ways of half the topics meet all ways of the other half, so ten topics of eight events each cost two times 9^5
 * steps and not 9^10.
 */
export const missingEnds = (topics: readonly (readonly number[])[], sought: Sought): readonly number[] | undefined => {
  const [left, right] = halves(topics, sought.count).map((half) => waysOf(half, sought.count));
  if (left === undefined || right === undefined) return undefined;
  const found = meet(left, right, sought);
  if (found === undefined) return undefined;
  const ends = new Map([...endsOf(left, found.left, sought.count), ...endsOf(right, found.right, sought.count)]);
  return topics.map((topic) => ends.get(topic) ?? 0);
};

/** The topics with the most ways first, each to the half that has fewer. */
const halves = (topics: readonly (readonly number[])[], most: number) => {
  const sides = [1, 1].map((ways) => ({ ways, topics: [] as (readonly number[])[] }));
  for (const topic of [...topics].sort((one, other) => other.length - one.length)) {
    const [smaller] = sides.sort((one, other) => one.ways - other.ways);
    smaller?.topics.push(topic);
    if (smaller !== undefined) smaller.ways *= radixOf(topic, most);
  }
  return sides.map((side) => side.topics);
};

const radixOf = (topic: readonly number[], most: number): number => Math.min(topic.length, most) + 1;

const waysOf = (topics: readonly (readonly number[])[], most: number): Ways | undefined => {
  let [counts, sums] = [[0], [0]];
  for (const topic of topics) {
    if (counts.length * radixOf(topic, most) > maxWays) return undefined;
    const ends = endSums(topic, most);
    const before = { counts, sums };
    counts = ends.flatMap((_, length) => before.counts.map((count) => count + length));
    sums = ends.flatMap((end) => before.sums.map((sum) => joinSums(sum, end)));
  }
  return { topics, counts, sums };
};

/** Of the last 0, 1, 2 … of the topic's events. */
const endSums = (topic: readonly number[], most: number): readonly number[] => {
  const sums = [0];
  for (let length = 1; length < radixOf(topic, most); length += 1)
    sums.push(addTo(sums.at(-1) ?? 0, topic.at(-length) ?? 0));
  return sums;
};

const meet = (
  left: Ways,
  right: Ways,
  sought: Sought,
): { readonly left: number; readonly right: number } | undefined => {
  const lefts = byKey(left);
  let found: { readonly left: number; readonly right: number } | undefined;
  for (const [way, count] of right.counts.entries()) {
    const other = lefts.get(keyOf(sought.count - count, partSums(sought.sum, right.sums[way] ?? 0)));
    if (other === undefined) continue;
    if (found !== undefined || other === "several") return undefined;
    found = { left: other, right: way };
  }
  return found;
};

const byKey = ({ counts, sums }: Ways): ReadonlyMap<number, number | "several"> => {
  const ways = new Map<number, number | "several">();
  for (const [way, count] of counts.entries()) {
    const key = keyOf(count, sums[way] ?? 0);
    ways.set(key, ways.has(key) ? "several" : way);
  }
  return ways;
};

/** Counts are below 2^20: one number that is exact holds both. */
const keyOf = (count: number, sum: number): number => count * 2 ** 32 + sum;

const endsOf = ({ topics }: Ways, way: number, most: number): readonly (readonly [readonly number[], number])[] => {
  let rest = way;
  return topics.map((topic) => {
    const radix = radixOf(topic, most);
    const length = rest % radix;
    rest = Math.floor(rest / radix);
    return [topic, length] as const;
  });
};
