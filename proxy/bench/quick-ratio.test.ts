import { expect, test } from "vitest";
import { fallen, ratiosOf } from "./quick-ratio.ts";
import { ratioOf, type ScenarioResult, spreadOf } from "./results.ts";
import { sameLoadCost } from "./scenarios/stepped.ts";

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

test("costs are compared at the same load, round by round", () => {
  const cost = (micros: number | undefined) => ({
    value: 1,
    details: micros === undefined ? {} : { [sameLoadCost]: micros },
  });
  const costs: ScenarioResult = {
    ...result,
    subjects: [
      { subject: "bare", runs: [cost(1), cost(10), cost(2), cost(3)] },
      { subject: "ours", runs: [cost(2), cost(12), cost(4), cost(undefined)] },
    ],
  };
  expect(ratiosOf([costs, result])).toEqual({ "b ours": 0.5 });
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
