import { readFileSync } from "node:fs";

/** How many checks of a stage passed and failed. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numTotalTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

/** Whatever did not pass failed: also a skipped test, and a file that broke before its first test. */
export const tallyOf = (report: VitestReport): Tally => {
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) => status !== "passed" && assertionResults.length === 0,
  ).length;
  const failed = report.numTotalTests - report.numPassedTests + brokenFiles;
  return { passed: report.numPassedTests, failed: report.numTotalTests === 0 ? Math.max(1, failed) : failed };
};

/** Reads the JSON report that vitest wrote; without a readable one the whole suite counts as one failure. */
export const readTally = (file: string): Tally => {
  try {
    return tallyOf(JSON.parse(readFileSync(file, "utf8")) as VitestReport);
  } catch (error) {
    process.stderr.write(`The suite left no report at ${file}: ${(error as Error).message}\n`);
    return { passed: 0, failed: 1 };
  }
};
