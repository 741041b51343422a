import { expect, test } from "vitest";
import { median, medianRatio, microsOf, percentile } from "./statistics.ts";

test.each([
  [[], undefined],
  [[3], 3],
  [[9, 1], 5],
  [[5, 1, 9], 5],
  [[4, 1, 3, 2], 2.5],
])("the median of %j is %s", (values, expected) => {
  expect(median(values)).toBe(expected);
});

test.each([
  [0, 0],
  [63, 63],
  [64, 65],
  [65, 67],
  [95, 127],
  [96, 130],
  [128, 260],
])("bucket %d stands for %d µs", (index, micros) => {
  expect(microsOf(index)).toBe(micros);
});

test("a percentile is read from all histograms together", () => {
  const histograms = [
    [
      [10, 50],
      [20, 40],
    ],
    [[40, 10]],
  ] as const;
  const at = (part: number) => percentile(histograms, part);
  expect([at(0), at(0.5), at(0.51), at(0.9), at(0.91), at(1)]).toEqual([0.01, 0.01, 0.02, 0.02, 0.04, 0.04]);
  expect(percentile([], 0.5)).toBeUndefined();
});

test("ratios are made within a round, so that a machine that is slow for a while is no gain or loss", () => {
  expect(medianRatio([50, 500, 60], [100, 1_000, 100])).toBe(0.5);
  expect(medianRatio([50, 60], [100])).toBe(0.5);
  expect(medianRatio([50], [0])).toBeUndefined();
});
