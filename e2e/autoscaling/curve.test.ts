import { expect, test } from "vitest";
import { changesOf, type Sample, svgOf, turnsOf } from "./curve.ts";

const sizes = (...desired: readonly number[]): readonly Sample[] =>
  desired.map((each, seconds) => ({ seconds, streams: each * 100, desired: each, ready: each }));

test.each([
  ["nothing happens", [2, 2, 2], 0],
  ["up", [2, 3, 5, 5], 0],
  ["up and back", [2, 2, 4, 6, 6, 5, 2, 2], 1],
  ["flapping", [2, 4, 3, 4, 2], 3],
])("%s", (_, desired, turns) => {
  expect(turnsOf(sizes(...desired))).toBe(turns);
});

test("changes are told with the time at which they were seen", () => {
  expect(changesOf(sizes(2, 2, 4, 4, 3)).map(({ seconds, desired }) => [seconds, desired])).toEqual([
    [2, 4],
    [4, 3],
  ]);
});

test("the picture has the extremes on its axes", () => {
  const svg = svgOf([...sizes(1, 4, 1), { seconds: 90, streams: 10_000, desired: 2, ready: 2 }]);
  for (const text of ["10,000", ">4<", "90 s"]) expect(svg).toContain(text);
  expect(svg).not.toContain("NaN");
});
