/** What one reader saw. Times are in milliseconds. */
export interface ReaderRecord {
  readonly reader: number;
  readonly topic: number;
  /** Numbers of the events of its topic, in the order in which they came. */
  readonly received: readonly number[];
  /** Gap events that it was told. */
  readonly gaps: number;
  /** When its stream was ended by the other side. */
  readonly endedAt: readonly number[];
  /** When it was given another one. */
  readonly reopenedAt: readonly number[];
  /** Attempts that gave no stream, the most of them one after the other. */
  readonly refusedInARow: number;
  readonly refused: number;
}

export interface Verdict {
  readonly readers: number;
  readonly published: number;
  readonly delivered: number;
  readonly lost: number;
  readonly doubled: number;
  readonly disordered: number;
  readonly gaps: number;
  readonly refused: number;
  readonly refusedTwice: number;
  readonly ends: number;
  readonly reconnects: number;
  /** Most streams that were ended, and that came back, within any second. */
  readonly endsInASecond: number;
  readonly reconnectsInASecond: number;
  /** Within any ten seconds. */
  readonly endsInTen: number;
  readonly reconnectsInTen: number;
}

/** Most times within any window of so many milliseconds. */
export const mostWithin = (times: readonly number[], windowMs: number): number => {
  const sorted = times.toSorted((a, b) => a - b);
  let first = 0;
  let most = 0;
  for (const [index, time] of sorted.entries()) {
    while (time - (sorted[first] ?? time) >= windowMs) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
};

/** Of one reader, against the numbers 1 to `published` of its topic. */
const faultsOf = ({ received }: ReaderRecord, published: number) => {
  const seen = new Set<number>();
  let [doubled, disordered, last] = [0, 0, 0];
  for (const number of received) {
    if (seen.has(number)) doubled += 1;
    else if (number < last) disordered += 1;
    seen.add(number);
    last = Math.max(last, number);
  }
  let lost = 0;
  for (let number = 1; number <= published; number += 1) if (!seen.has(number)) lost += 1;
  return { lost, doubled, disordered };
};

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0);

/** `published`: by topic, how many events were accepted, numbered from 1; all readers were there from the first on. */
export const verdictOf = (records: readonly ReaderRecord[], published: readonly number[]): Verdict => {
  const faults = records.map((record) => faultsOf(record, published[record.topic] ?? 0));
  const ends = records.flatMap(({ endedAt }) => endedAt);
  const reopened = records.flatMap(({ reopenedAt }) => reopenedAt);
  return {
    readers: records.length,
    published: sum(published, (count) => count),
    delivered: sum(records, ({ received }) => received.length),
    lost: sum(faults, ({ lost }) => lost),
    doubled: sum(faults, ({ doubled }) => doubled),
    disordered: sum(faults, ({ disordered }) => disordered),
    gaps: sum(records, ({ gaps }) => gaps),
    refused: sum(records, ({ refused }) => refused),
    refusedTwice: records.filter(({ refusedInARow }) => refusedInARow > 1).length,
    ends: ends.length,
    reconnects: reopened.length,
    endsInASecond: mostWithin(ends, 1_000),
    reconnectsInASecond: mostWithin(reopened, 1_000),
    endsInTen: mostWithin(ends, 10_000),
    reconnectsInTen: mostWithin(reopened, 10_000),
  };
};
