import { expect, test } from "vitest";
import { inUnit, niceTicks } from "./axis.ts";
import { dashboardPicture } from "./panels.ts";

test.each([
  [[], [0, 1]],
  [
    [0, 0],
    [0, 1],
  ],
  [
    [3, 97],
    [0, 25, 50, 75, 100],
  ],
  [[0.0012], [0, 0.0005, 0.001, 0.0015]],
  [
    [-0.004, 0.01],
    [-0.005, 0, 0.005, 0.01],
  ],
])("%j gets the ticks %j", (values, ticks) => expect(niceTicks(values)).toEqual(ticks));

test.each([
  [0.5, "percentunit", "50 %"],
  [1_536, "bytes", "1.5KiB"],
  [12_345, "cps", "12.3k/s"],
  [0.0123, "s", "12.3 ms"],
  [90, "s", "90 s"],
  [2.5, "ms", "2.5 ms"],
  [1_000, "short", "1k"],
])("%d in %s is %s", (value, unit, shown) => expect(inUnit(value, unit)).toBe(shown));

test("a picture shows the last number of a stat, a line with a hole in two parts, and names safely", () => {
  const points = [
    [0, 1],
    [5, 2],
    [10, Number.NaN],
    [15, 4],
    [20, 3],
  ] as const;
  const picture = dashboardPicture("A & B", [
    { title: "Now", kind: "stat", unit: "short", lines: [{ name: "now", points }] },
    { title: "Over time", kind: "timeseries", unit: "short", lines: [{ name: "<pod>", points }] },
  ]);
  expect(picture).toContain(">3</text>");
  expect(picture.match(/ d="([^"]*)"/)?.[1]?.match(/M/g)).toHaveLength(2);
  expect(picture).toContain("&lt;pod&gt;");
  expect(picture).toContain("A &amp; B");
  expect(picture).not.toMatch(/NaN|undefined/);
});
