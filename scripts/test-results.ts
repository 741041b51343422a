import { readFileSync } from "node:fs";

export interface Failure {
  readonly name: string;
  readonly message: string;
}

/** What a stage of `npm test` found. */
export interface SuiteReport {
  readonly passed: number;
  readonly failures: readonly Failure[];
  /** Tests that failed first and passed then: they passed, and must be looked at. */
  readonly secondTry: readonly Failure[];
}

export const noTests: Failure = { name: "the suite", message: "It ran no test." };

const failed = (failure: Failure): SuiteReport => ({ passed: 0, failures: [failure], secondTry: [] });

/** A stage that is one program: it passed when the program ended with 0. */
export const programReport = (name: string, exitCode: number): SuiteReport =>
  exitCode === 0
    ? { passed: 1, failures: [], secondTry: [] }
    : failed({ name, message: `It ended with exit code ${exitCode}; what it said stands above.` });

/** Reads what a suite left at `file`. Without a readable report, or when its runner broke, the suite failed. */
export const readSuiteReport = (file: string, exitCode: number): SuiteReport => {
  try {
    const report = JSON.parse(readFileSync(file, "utf8")) as SuiteReport;
    if (exitCode === 0 || report.failures.length > 0) return report;
    const failures = [{ name: "the suite", message: `Its runner ended with exit code ${exitCode}.` }];
    return { ...report, failures };
  } catch (error) {
    return failed({ name: "the suite", message: `It left no report at ${file}: ${(error as Error).message}` });
  }
};

const indented = (text: string): string => text.trimEnd().replaceAll(/^/gm, "    ");
const mostShown = 1_500;

/** The end of `npm test`, by stage: what failed and why, what needed a second try, and the sum as the last line. */
export const summaryOf = (reports: ReadonlyMap<string, SuiteReport>): string => {
  const lines: string[] = [];
  for (const [stage, { failures, secondTry }] of reports) {
    for (const { name, message } of secondTry)
      lines.push(`Passed only at the second try (${stage}): ${name}`, indented(message.slice(0, mostShown)));
    for (const { name, message } of failures)
      lines.push(`Failed (${stage}): ${name}`, indented(message.slice(0, mostShown)));
  }
  const all = [...reports.values()];
  const passed = all.reduce((sum, report) => sum + report.passed, 0);
  const broken = all.reduce((sum, report) => sum + report.failures.length, 0);
  return [...lines, `${passed} passed, ${broken} failed`].join("\n");
};
