import { expect, test } from "vitest";
import { readTally, tallyOf } from "./test-results.ts";

const passedFile = { status: "passed", assertionResults: [{}] };

test("passed tests are counted", () => {
  expect(tallyOf({ numPassedTests: 3, numTotalTests: 3, testResults: [passedFile] })).toEqual({ passed: 3, failed: 0 });
});

test("a skipped test counts as failed", () => {
  expect(tallyOf({ numPassedTests: 2, numTotalTests: 3, testResults: [passedFile] })).toEqual({ passed: 2, failed: 1 });
});

test("a file that broke before its first test counts as failed", () => {
  const broken = { status: "failed", assertionResults: [] };
  expect(tallyOf({ numPassedTests: 1, numTotalTests: 1, testResults: [passedFile, broken] })).toEqual({
    passed: 1,
    failed: 1,
  });
});

test("a suite without tests, or without a report, counts as failed", () => {
  expect(tallyOf({ numPassedTests: 0, numTotalTests: 0, testResults: [] })).toEqual({ passed: 0, failed: 1 });
  expect(readTally("/nonexistent/report.json")).toEqual({ passed: 0, failed: 1 });
});
