import { defineConfig } from "vitest/config";
import { suiteReporter } from "./scripts/suite-reporter.ts";

interface Suite {
  readonly include: string[];
  readonly timeoutSeconds: number;
  /** One file after the other, for suites that share the one built-in cluster. */
  readonly serial?: boolean;
  readonly exclude?: string[];
  readonly globalSetup?: string;
  /** How many `concurrent` tests of a file run at once. */
  readonly concurrency?: number;
  /** Suites of real processes share the machine with others: a test may fail once and is named when it does. */
  readonly secondTry?: boolean;
}

const built = ["**/node_modules/**", "**/dist/**"];

const project = (
  name: string,
  { include, timeoutSeconds, serial = false, exclude = [], globalSetup, concurrency = 5, secondTry = false }: Suite,
) => ({
  extends: true as const,
  test: {
    name,
    include,
    exclude: [...built, ...exclude],
    testTimeout: timeoutSeconds * 1000,
    hookTimeout: timeoutSeconds * 1000,
    fileParallelism: !serial,
    maxConcurrency: concurrency,
    retry: secondTry ? 1 : 0,
    ...(globalSetup === undefined ? {} : { globalSetup }),
  },
});

/** Stories of minutes are left to `npm run e2e` and the full test. */
const longStories = process.env["REVENPROX_STORIES"] === "short" ? ["**/*.long.e2e.ts"] : [];

const reportFile = process.env["REVENPROX_SUITE_REPORT"];

export default defineConfig({
  resolve: { conditions: ["revenprox-source"] },
  ssr: { resolve: { conditions: ["revenprox-source"], externalConditions: ["revenprox-source"] } },
  test: {
    reporters: reportFile === undefined ? ["default"] : ["default", suiteReporter(reportFile)],
    projects: [
      // Properties take seconds, and more where the machine has other work.
      project("unit", { include: ["**/*.test.ts"], timeoutSeconds: 120 }),
      project("integration", { include: ["**/*.integration.ts"], timeoutSeconds: 180, secondTry: true }),
      project("conformance", {
        include: ["proxy/conformance/**/*.conformance.ts"],
        timeoutSeconds: 240,
        concurrency: 16,
        secondTry: true,
      }),
      project("cluster", {
        include: ["e2e/cluster/**/*.e2e.ts", "e2e/images/**/*.e2e.ts"],
        timeoutSeconds: 900,
        serial: true,
      }),
      project("chaos", { include: ["e2e/chaos/**/*.chaos.ts"], timeoutSeconds: 420, serial: true }),
      project("e2e", {
        include: ["e2e/**/*.e2e.ts"],
        exclude: ["e2e/cluster/**", "e2e/images/**", "e2e/monitoring/**", ...longStories],
        timeoutSeconds: 240,
        serial: true,
        secondTry: true,
        globalSetup: "e2e/stories/setup.ts",
      }),
      project("observability", {
        include: ["e2e/monitoring/**/*.e2e.ts"],
        timeoutSeconds: 600,
        serial: true,
        globalSetup: "e2e/monitoring/stage/setup.ts",
      }),
    ],
  },
});
