import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { programReport, readSuiteReport, type SuiteReport } from "./test-results.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (name: string): string => join(root, "node_modules/.bin", name);

/** Where each suite leaves its report. */
export const reportFolder = join(root, "test-results");

/** The environment of the long versions of suites that `npm test` runs in short. */
const longSuites = {
  HUB_RUNS: "20000",
  REVENPROX_TEST_BACKPRESSURE_SEC: "60",
  REVENPROX_TEST_ALERT_TIMES: "full",
  REVENPROX_TEST_AUTOSCALING_STREAMS: "10000",
  REVENPROX_TEST_CYCLES: "10000",
  REVENPROX_TEST_FOREIGN_OBJECTS: "30000",
  REVENPROX_TEST_FULL: "1",
  REVENPROX_TEST_INTEROP_SECONDS: "60",
  REVENPROX_TEST_OUTAGE_SEC: "600",
  REVENPROX_TEST_ROLLOUT_STREAMS: "5000",
  REVENPROX_TEST_STATE_RUNS: "50000",
  REVENPROX_TEST_STEADY_SECONDS: "600",
  REVENPROX_TEST_STREAMS: "10000",
};

/** What `npm test` leaves out of them. */
const shortSuites = { REVENPROX_STORIES: "short" };

export type Extent = "fast" | "usual" | "full";

export interface Stage {
  readonly name: string;
  readonly usually: string;
  /** The least extent that runs it. */
  readonly from: Extent;
  readonly run: (name: string) => Promise<SuiteReport>;
}

const exitCode = (command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> =>
  new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", env });
    child.on("error", (error) => {
      process.stderr.write(`${command} could not be started: ${error.message}\n`);
      resolve(127);
    });
    child.on("exit", (code) => resolve(code ?? 1));
  });

const command =
  (...[program = "", ...args]: string[]) =>
  async (name: string): Promise<SuiteReport> =>
    programReport(name, await exitCode(program, args));

const program = (file: string, ...args: string[]) =>
  command(
    process.execPath,
    "--conditions=revenprox-source",
    "--disable-warning=ExperimentalWarning",
    join(root, file),
    ...args,
  );

const suiteOf =
  (extent: Extent) =>
  (project: string, ...options: string[]) =>
  async (): Promise<SuiteReport> => {
    const report = join(reportFolder, `${project}.json`);
    rmSync(report, { force: true });
    const code = await exitCode(
      process.execPath,
      [join(root, "node_modules/vitest/vitest.mjs"), ...["run", "--project", project, ...options]],
      { ...process.env, ...(extent === "full" ? longSuites : shortSuites), REVENPROX_SUITE_REPORT: report },
    );
    return readSuiteReport(report, code);
  };

const rank: Readonly<Record<Extent, number>> = { fast: 0, usual: 1, full: 2 };

/** The stages of `npm run check` (fast), `npm test` (usual) and `npm run test:full` (full), in order. */
export const stagesOf = (extent: Extent): readonly Stage[] => {
  const suite = suiteOf(extent);
  const stages: readonly Stage[] = [
    { name: "lint and format", usually: "3 s", from: "fast", run: command(bin("biome"), "ci", "--colors=off", ".") },
    { name: "build", usually: "5 s", from: "fast", run: command(bin("tsc"), "-b", "contract", "proxy", "operator") },
    { name: "types of everything else", usually: "5 s", from: "fast", run: command(bin("tsc"), "-p", "tsconfig.json") },
    { name: "unused code and dependencies", usually: "5 s", from: "fast", run: command(bin("knip"), "--no-progress") },
    { name: "unit tests", usually: "30 s", from: "fast", run: suite("unit") },
    {
      name: "servers and images for the other suites",
      usually: "1 s; the first time Kubernetes and Prometheus are built: 14 min on 2 cores",
      from: "usual",
      run: program("e2e/environment/prepare.ts"),
    },
    { name: "conformance with the event stream standard", usually: "1 min", from: "usual", run: suite("conformance") },
    // They wait more than they work, whatever the number of cores.
    { name: "integration tests", usually: "7 min", from: "usual", run: suite("integration", "--maxWorkers=5") },
    { name: "one stream over many pods, under faults", usually: "2 min", from: "usual", run: suite("chaos") },
    { name: "the built-in cluster and its images", usually: "2 min", from: "usual", run: suite("cluster") },
    { name: "user stories on the cluster", usually: "3 min", from: "usual", run: suite("e2e") },
    { name: "a real Prometheus on the cluster", usually: "4 min", from: "usual", run: suite("observability") },
    {
      name: "no part of the hot path has become dearer",
      usually: "2 min",
      from: "usual",
      run: program("proxy/bench/main.ts", "--check"),
    },
    {
      name: "one stream over many pods, five minutes of faults",
      usually: "8 min",
      from: "full",
      run: program("e2e/chaos/main.ts"),
    },
    {
      name: "12,000 clients that resume at once",
      usually: "3 min",
      from: "full",
      run: program("e2e/chaos/main.ts", "--storm"),
    },
    {
      name: "12,000 streams for an hour",
      usually: "61 min",
      from: "full",
      run: program("proxy/bench/soak.ts"),
    },
  ];
  return stages.filter(({ from }) => rank[from] <= rank[extent]);
};
