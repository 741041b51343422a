import { spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { programReport, readSuiteReport, type SuiteReport, summaryOf } from "./test-results.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (name: string): string => join(root, "node_modules/.bin", name);
const reports = join(root, "test-results");

interface Stage {
  readonly name: string;
  readonly usually: string;
  readonly fast: boolean;
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

const program = (file: string) =>
  command(process.execPath, "--conditions=revenprox-source", "--disable-warning=ExperimentalWarning", join(root, file));

const suite = (project: string) => async (): Promise<SuiteReport> => {
  const report = join(reports, `${project}.json`);
  rmSync(report, { force: true });
  const code = await exitCode(
    process.execPath,
    [join(root, "node_modules/vitest/vitest.mjs"), ...["run", "--project", project]],
    { ...process.env, REVENPROX_SUITE_REPORT: report },
  );
  return readSuiteReport(report, code);
};

const stages: readonly Stage[] = [
  { name: "lint and format", usually: "3 s", fast: true, run: command(bin("biome"), "ci", "--colors=off", ".") },
  { name: "build", usually: "5 s", fast: true, run: command(bin("tsc"), "-b", "contract", "proxy", "operator") },
  { name: "types of everything else", usually: "5 s", fast: true, run: command(bin("tsc"), "-p", "tsconfig.json") },
  { name: "unused code and dependencies", usually: "5 s", fast: true, run: command(bin("knip"), "--no-progress") },
  { name: "unit tests", usually: "30 s", fast: true, run: suite("unit") },
  {
    name: "servers and images for the other suites",
    usually: "1 s; the first time Kubernetes is built: 10 min on 2 cores",
    fast: false,
    run: program("e2e/environment/prepare.ts"),
  },
  { name: "conformance with the event stream standard", usually: "1 min", fast: false, run: suite("conformance") },
  { name: "integration tests", usually: "3 min", fast: false, run: suite("integration") },
  { name: "the built-in cluster and its images", usually: "2 min", fast: false, run: suite("cluster") },
  { name: "user stories on the cluster", usually: "3 min", fast: false, run: suite("e2e") },
];

const main = async (): Promise<void> => {
  const only = process.argv.includes("--fast") ? stages.filter(({ fast }) => fast) : stages;
  mkdirSync(reports, { recursive: true });
  const results = new Map<string, SuiteReport>();
  for (const [index, stage] of only.entries()) {
    process.stdout.write(`\n=== ${index + 1}/${only.length} ${stage.name} (usually ${stage.usually})\n`);
    const start = Date.now();
    const report = await stage.run(stage.name);
    results.set(stage.name, report);
    const seconds = Math.round((Date.now() - start) / 1000);
    const { passed, failures } = report;
    process.stdout.write(`=== ${stage.name}: ${passed} passed, ${failures.length} failed, ${seconds} s\n`);
  }
  process.stdout.write(`\n${summaryOf(results)}\n`);
  process.exitCode = [...results.values()].some(({ failures }) => failures.length > 0) ? 1 : 0;
};

await main();
