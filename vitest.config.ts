import { defineConfig } from "vitest/config";

interface Suite {
  readonly include: string[];
  readonly timeoutSeconds: number;
  /** One file after the other, for suites that share the one built-in cluster. */
  readonly serial?: boolean;
  readonly exclude?: string[];
  readonly globalSetup?: string;
}

const built = ["**/node_modules/**", "**/dist/**"];

const project = (name: string, { include, timeoutSeconds, serial = false, exclude = [], globalSetup }: Suite) => ({
  extends: true as const,
  test: {
    name,
    include,
    exclude: [...built, ...exclude],
    testTimeout: timeoutSeconds * 1000,
    hookTimeout: timeoutSeconds * 1000,
    fileParallelism: !serial,
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
