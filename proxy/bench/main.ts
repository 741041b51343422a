import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readArguments, type Wanted } from "./arguments.ts";
import { scenarios } from "./catalogue.ts";
import { checkRatios, writeRatios } from "./check.ts";
import { describeMachine } from "./machine.ts";
import { findPeers } from "./peers.ts";
import { markdownOf } from "./report.ts";
import type { ScenarioResult } from "./results.ts";
import type { Bench, Measurement, Scenario } from "./scenarios/scenario.ts";
import { buildProxy } from "./subjects/revenprox.ts";
import type { Subject } from "./subjects/subject.ts";
import { loadTool } from "./tool/load-tool.ts";
import { endAllProcesses } from "./tool/processes.ts";

const resultsFolder = join(import.meta.dirname, "results");
const ratioFile = join(resultsFolder, "quick-ratio.json");

const began = performance.now();
const say = (line: string): void => {
  const seconds = Math.round((performance.now() - began) / 1_000);
  process.stderr.write(
    `[bench ${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, "0")}] ${line}\n`,
  );
};

const valueText = ({ unit }: Scenario, { value }: Measurement): string =>
  value === undefined ? "no load passed" : `${Math.round(value).toLocaleString("en")} ${unit}`;

/** A server that fails takes only its own run with it. */
const oneRun = async (bench: Bench, scenario: Scenario, subject: Subject, earlier: Measurement | undefined) => {
  try {
    const measured = await scenario.measure(bench, subject, earlier);
    say(`${scenario.name} ${subject.name}: ${valueText(scenario, measured)}`);
    return measured;
  } catch (error) {
    say(`${scenario.name} ${subject.name} failed: ${error instanceof Error ? error.message : String(error)}`);
    return { value: undefined, details: {} };
  }
};

const runScenario = async (bench: Bench, scenario: Scenario, wantedRuns: number): Promise<ScenarioResult> => {
  const runs = Math.min(wantedRuns, scenario.mostRuns ?? wantedRuns);
  say(`${scenario.name}. ${scenario.title}: ${runs} runs of ${scenario.subjects.map(({ name }) => name).join(", ")}`);
  const measured = new Map<Subject, Measurement[]>(scenario.subjects.map((subject) => [subject, []]));
  for (let run = 0; run < runs; run += 1)
    for (const [subject, soFar] of measured)
      soFar.push(
        await oneRun(
          bench,
          scenario,
          subject,
          soFar.findLast(({ rate }) => rate !== undefined),
        ),
      );
  const { name, title, unit, better, reference } = scenario;
  return {
    scenario: { name, title, unit, better, reference },
    subjects: [...measured].map(([{ name: subject }, of]) => ({ subject, runs: of })),
  };
};

const chosen = (all: readonly Scenario[], { scenarios: names, subjects }: Wanted): readonly Scenario[] =>
  all
    .filter(({ name }) => names.includes(name))
    .map((scenario) => ({
      ...scenario,
      subjects: scenario.subjects.filter(({ name }) => subjects?.includes(name) ?? true),
    }))
    .filter((scenario) => scenario.subjects.length > 0);

const subjectsOf = (all: readonly Scenario[]): readonly Subject[] => [
  ...new Map(all.flatMap(({ subjects }) => subjects).map((subject) => [subject.name, subject])).values(),
];

const writeResults = (wanted: Wanted, markdown: string, results: readonly ScenarioResult[], about: object): void => {
  mkdirSync(resultsFolder, { recursive: true });
  const file = `${wanted.quick ? "quick" : "full"}${wanted.journal ? "" : "-journal-off"}`;
  writeFileSync(join(resultsFolder, `${file}.md`), markdown);
  writeFileSync(join(resultsFolder, `${file}.json`), `${JSON.stringify({ ...about, results }, undefined, 1)}\n`);
  say(`written to ${resultsFolder}`);
};

const check = async (bench: Bench, picked: readonly Scenario[], { runs, write }: Wanted): Promise<void> => {
  const parts = { bench, scenarios: picked, rounds: runs, ratioFile };
  if (write) return writeRatios(parts);
  process.exitCode = (await checkRatios(parts)) ? 0 : 1;
};

const run = async (wanted: Wanted): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "revenprox-bench-"));
  process.on("exit", () => {
    endAllProcesses();
    rmSync(folder, { recursive: true, force: true });
  });
  say("building the proxy and the load tool");
  await buildProxy();
  const bench: Bench = {
    loadTool: await loadTool(),
    quick: wanted.quick,
    proxyKeys: wanted.journal ? {} : { REVENPROX_JOURNAL__ENABLED: "false" },
    newFolder: () => mkdtempSync(join(folder, "run-")),
    say,
  };
  const peers = await findPeers(wanted.quick, say);
  const picked = chosen(scenarios(wanted.quick, peers), wanted);
  if (wanted.check) return check(bench, picked, wanted);
  const before = describeMachine();
  const results: ScenarioResult[] = [];
  for (const scenario of picked) results.push(await runScenario(bench, scenario, wanted.runs));
  const machine = describeMachine();
  const { journal } = wanted;
  const about = {
    date: new Date().toISOString().slice(0, 10),
    journal,
    machine,
    loads: [before.load, machine.load] as const,
  };
  const markdown = markdownOf({ ...about, results, subjects: subjectsOf(picked), missing: peers.missing });
  process.stdout.write(`\n${markdown}`);
  if (wanted.write) writeResults(wanted, markdown, results, about);
};

const main = async (): Promise<void> => {
  const read = readArguments(process.argv.slice(2));
  if (read.kind === "wanted") return run(read.wanted);
  process.stdout.write(`${read.text}\n`);
  process.exitCode = read.code;
};

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
await main();
process.exit();
