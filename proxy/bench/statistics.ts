/** Buckets of the load tool's histograms that are not empty: index and count. */
export type Buckets = readonly (readonly [index: number, count: number])[];

// As in load/histogram.go: exact below 64 µs, then 32 buckets for each doubling.
const exactBelow = 64;
const perDouble = 32;

/** The middle of a bucket in microseconds. */
export const microsOf = (index: number): number => {
  if (index < exactBelow) return index;
  const doubling = Math.floor((index - exactBelow) / perDouble);
  const width = 2 ** (doubling + 1);
  return (((index - exactBelow) % perDouble) + perDouble) * width + width / 2;
};

/** In milliseconds; undefined where nothing was counted. `part` is from 0 to 1. */
export const percentile = (histograms: readonly Buckets[], part: number): number | undefined => {
  const merged = new Map<number, number>();
  let total = 0;
  for (const [index, count] of histograms.flat()) {
    merged.set(index, (merged.get(index) ?? 0) + count);
    total += count;
  }
  let left = Math.max(1, Math.ceil(total * part));
  for (const [index, count] of [...merged].sort(([a], [b]) => a - b)) {
    left -= count;
    if (left <= 0) return microsOf(index) / 1_000;
  }
  return undefined;
};

/** Undefined of nothing; of an even number, the mean of the middle two. */
export const median = (values: readonly number[]): number | undefined => {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
};

/** Of measurements of the same rounds: the median of the rounds' own ratios, so that a slow round counts for both. */
export const medianRatio = (ours: readonly number[], theirs: readonly number[]): number | undefined =>
  median(
    ours.flatMap((value, round) => {
      const other = theirs[round];
      return other === undefined || other === 0 ? [] : [value / other];
    }),
  );
