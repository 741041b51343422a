import { expect, test } from "vitest";
import { readArguments, scenarioNames } from "./arguments.ts";

test.each([
  [
    [],
    { scenarios: scenarioNames, quick: false, runs: 3, subjects: undefined, check: false, write: false, journal: true },
  ],
  [["--journal", "off"], { scenarios: scenarioNames.filter((name) => name !== "c2"), journal: false }],
  [["--quick", "--check"], { scenarios: ["b", "b2", "c", "e"], quick: true, check: true }],
  [["--check"], { scenarios: ["b", "b2", "c", "e"], quick: true, check: true, runs: 7 }],
  [["--scenario", "b, c", "--runs=5"], { scenarios: ["b", "c"], runs: 5 }],
  [["--quick", "--scenario", "d"], { scenarios: ["d"], quick: true }],
  [["--subject", "nchan,pushpin"], { subjects: ["nchan", "pushpin"] }],
])("%j is understood", (args, wanted) => {
  expect(readArguments(args)).toMatchObject({ kind: "wanted", wanted });
});

test.each([
  [["--scenario", "z"], "there is no scenario z"],
  [["--runs", "0"], "--runs must be"],
  [["--fast"], "--fast"],
  [["--journal", "maybe"], "--journal is on or off"],
  [["--journal", "off", "--check"], "--check compares"],
])("%j is refused with a reason and the help", (args, reason) => {
  expect(readArguments(args)).toMatchObject({ kind: "text", code: 2, text: expect.stringContaining(reason) });
});

test("help is no fault", () => {
  expect(readArguments(["--help"])).toMatchObject({ kind: "text", code: 0 });
});
