import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { programReport, readSuiteReport, type SuiteReport, summaryOf } from "./test-results.ts";

const folder = mkdtempSync(join(tmpdir(), "test-results-"));
afterAll(() => rmSync(folder, { recursive: true }));

const written = (report: SuiteReport): string => {
  const file = join(folder, "report.json");
  writeFileSync(file, JSON.stringify(report));
  return file;
};
const green: SuiteReport = { passed: 3, failures: [], secondTry: [] };
const red: SuiteReport = { passed: 1, failures: [{ name: "a > b", message: "expected 1\nto be 2" }], secondTry: [] };

test("a report is taken as it is", () => {
  expect(readSuiteReport(written(green), 0)).toEqual(green);
  expect(readSuiteReport(written(red), 1)).toEqual(red);
});

test("a runner that breaks after its tests passed counts as one failure", () => {
  expect(readSuiteReport(written(green), 7).failures).toHaveLength(1);
});

test("a suite without a report counts as one failure", () => {
  expect(readSuiteReport("/nonexistent/report.json", 0).failures).toHaveLength(1);
});

test("a program passes by its exit code", () => {
  expect(programReport("lint", 0).passed).toBe(1);
  expect(programReport("lint", 1).failures).toHaveLength(1);
});

test("the summary names each failure with its cause, and ends with the sum", () => {
  const flaky: SuiteReport = { passed: 2, failures: [], secondTry: [{ name: "c > d", message: "late" }] };
  expect(
    summaryOf(
      new Map([
        ["unit tests", red],
        ["stories", flaky],
      ]),
    ),
  ).toBe(
    [
      "Failed (unit tests): a > b",
      "    expected 1",
      "    to be 2",
      "Passed only at the second try (stories): c > d",
      "    late",
      "3 passed, 1 failed",
    ].join("\n"),
  );
});
