import { defineConfig } from "vitest/config";

interface Suite {
  readonly include: string[];
  readonly timeoutSeconds: number;
  /** One file after the other, for suites that share the one built-in cluster. */
  readonly serial?: boolean;
  readonly exclude?: string[];
  readonly globalSetup?: string;
  /** How many `concurrent` tests of a file run at once. */
  readonly concurrency?: number;
}

const built = ["**/node_modules/**", "**/dist/**"];

const project = (
  name: string,
  { include, timeoutSeconds, serial = false, exclude = [], globalSetup, concurrency = 5 }: Suite,
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
    ...(globalSetup === undefined ? {} : { globalSetup }),
  },
});

export default defineConfig({
  resolve: { conditions: ["revenprox-source"] },
  ssr: { resolve: { conditions: ["revenprox-source"], externalConditions: ["revenprox-source"] } },
  test: {
    projects: [
      project("unit", { include: ["**/*.test.ts"], timeoutSeconds: 30 }),
      project("integration", { include: ["**/*.integration.ts"], timeoutSeconds: 180 }),
      project("conformance", {
        include: ["proxy/conformance/**/*.conformance.ts"],
        timeoutSeconds: 60,
        concurrency: 16,
      }),
      project("cluster", {
        include: ["e2e/cluster/**/*.e2e.ts", "e2e/images/**/*.e2e.ts"],
        timeoutSeconds: 900,
        serial: true,
      }),
      project("e2e", {
        include: ["e2e/**/*.e2e.ts"],
        exclude: ["e2e/cluster/**", "e2e/images/**"],
        timeoutSeconds: 240,
        serial: true,
        globalSetup: "e2e/stories/setup.ts",
      }),
    ],
  },
});
