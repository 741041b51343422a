import { writeFileSync } from "node:fs";
import type { Reporter, TestCase, TestModule } from "vitest/node";
import { type Failure, noTests, type SuiteReport } from "./test-results.ts";

interface Trouble {
  readonly message: string;
  readonly stack?: string | undefined;
}

const ours = (line: string): boolean => !line.includes("node_modules");

const plain = (error: Trouble): string => (error.stack ?? error.message).split("\n").filter(ours).join("\n");

const failureOf = (name: string, errors: readonly Trouble[] = []): Failure => ({
  name,
  message: errors.length > 0 ? errors.map(plain).join("\n") : "It did not run.",
});

const brokenParts = (module: TestModule): Failure[] => [
  ...(module.errors().length > 0 ? [failureOf(module.relativeModuleId, module.errors())] : []),
  ...[...module.children.allSuites()]
    .filter((suite) => suite.errors().length > 0)
    .map((suite) => failureOf(`${module.relativeModuleId} > ${suite.fullName}`, suite.errors())),
];

const nameOf = (test: TestCase): string => `${test.module.relativeModuleId} > ${test.fullName}`;

/** What did not pass failed, skipped tests included; a test that passed at the second try is named. */
const suiteReport = (modules: readonly TestModule[], unhandled: readonly Trouble[]): SuiteReport => {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const failed = tests.filter((test) => test.result().state !== "passed");
  return {
    passed: tests.length - failed.length,
    failures: [
      ...modules.flatMap(brokenParts),
      ...failed.map((test) => failureOf(nameOf(test), test.result().errors)),
      ...unhandled.map((error) => failureOf("an error that no test caught", [error])),
      ...(tests.length === 0 ? [noTests] : []),
    ],
    secondTry: tests
      .filter((test) => test.diagnostic()?.flaky === true)
      .map((test) => failureOf(nameOf(test), test.result().errors)),
  };
};

/** A vitest reporter that writes the `SuiteReport` of the run to `file`. */
export const suiteReporter = (file: string): Reporter => ({
  onTestRunEnd: (modules, unhandled) =>
    writeFileSync(file, JSON.stringify(suiteReport(modules, unhandled), undefined, 2)),
});
