import { expect, test } from "vitest";
import { fallen, ratiosOf } from "./quick-ratio.ts";
import { ratioOf, type ScenarioResult, spreadOf } from "./results.ts";

const run = (value: number | undefined) => ({ value, details: {} });
const result: ScenarioResult = {
  scenario: { name: "b", title: "", unit: "", better: "higher", reference: "bare" },
  subjects: [
    { subject: "bare", runs: [run(100), run(1_000), run(undefined), run(100)] },
    { subject: "ours", runs: [run(50), run(600), run(70), run(undefined)] },
  ],
};

test("a round in which one of both gave nothing has no ratio", () => {
  expect(result.subjects.map((runs) => ratioOf(result, runs))).toEqual([undefined, 0.55]);
});

test("costs are compared round by round, and by the median of these ratios", () => {
  const costs = (scenario: string, ours: readonly number[]) => ({
    scenario,
    reference: "bare",
    bySubject: new Map([
      ["bare", [1, 10, 2, 3, Number.NaN]],
      ["ours", ours],
    ]),
  });
  expect(
    ratiosOf([
      costs("b", [2, 12, 4, Number.NaN, 5]),
      costs("c", [1, 20, 1, 3, 5]),
      costs("d", [Number.NaN]),
      { ...costs("a", [1]), reference: undefined },
    ]),
  ).toEqual({ "b ours": 0.5, "c ours": 1 });
});

test("the spread leaves out runs that gave nothing", () => {
  expect(result.subjects.map(spreadOf)).toEqual([
    { median: 100, min: 100, max: 1_000 },
    { median: 70, min: 50, max: 600 },
  ]);
});

test.each([
  [{ b: 0.8 }, { b: 0.53 }, 0],
  [{ b: 0.8 }, { b: 0.51 }, 1],
  [{ b: 0.8, c: 1 }, { b: 2 }, 1],
  [{}, { b: 0.1 }, 0],
])("checked in %j, measured %j: %d fell", (checkedIn, measured, count) => {
  expect(fallen(checkedIn, measured)).toHaveLength(count);
});
