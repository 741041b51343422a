import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readArguments, type Wanted } from "./arguments.ts";
import { scenarios } from "./catalogue.ts";
import { describeMachine } from "./machine.ts";
import { findPeers } from "./peers.ts";
import { costDetails, fallen, type Ratios, ratiosOf, readRatios, scenarioIn } from "./quick-ratio.ts";
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

const costText = ({ details }: Measurement): string =>
  costDetails
    .flatMap((name) => (details[name] === undefined ? [] : [`${details[name].toFixed(2)} ${name}`]))
    .join(", ");

/** A server that fails takes only its own run with it. */
const oneRun = async (bench: Bench, scenario: Scenario, subject: Subject, earlier: Measurement | undefined) => {
  try {
    const measured = await scenario.measure(bench, subject, earlier);
    say(`${scenario.name} ${subject.name}: ${bench.costsOnly ? costText(measured) : valueText(scenario, measured)}`);
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
  const file = wanted.quick ? "quick" : "full";
  writeFileSync(join(resultsFolder, `${file}.md`), markdown);
  writeFileSync(join(resultsFolder, `${file}.json`), `${JSON.stringify({ ...about, results }, undefined, 1)}\n`);
  if (wanted.quick) writeFileSync(ratioFile, `${JSON.stringify(ratiosOf(results), undefined, 2)}\n`);
  say(`written to ${resultsFolder}`);
};

/** What has fallen once more when it was measured again: a machine that was busy with something else for a moment does no harm. */
const fallenTwice = async (
  checkedIn: Ratios,
  measure: (names: readonly string[] | undefined) => Promise<Ratios>,
): Promise<readonly string[]> => {
  const first = fallen(checkedIn, await measure(undefined));
  for (const { text } of first) say(`fell, and is measured again: ${text}`);
  if (first.length === 0) return [];
  const scenariosAgain = new Set(first.map(({ scenario }) => scenario));
  const again = Object.fromEntries(Object.entries(checkedIn).filter(([name]) => scenariosAgain.has(scenarioIn(name))));
  return fallen(again, await measure([...scenariosAgain])).map(({ text }) => text);
};

const check = async (bench: Bench, picked: readonly Scenario[], { runs, write }: Wanted): Promise<void> => {
  const measure = async (names: readonly string[] | undefined): Promise<Ratios> => {
    const results: ScenarioResult[] = [];
    for (const scenario of picked)
      if (names?.includes(scenario.name) ?? true) results.push(await runScenario(bench, scenario, runs));
    const ratios = ratiosOf(results);
    for (const [name, ratio] of Object.entries(ratios))
      say(`${name}: the bare library's CPU is ${ratio} of the proxy's`);
    return ratios;
  };
  if (write) {
    writeFileSync(ratioFile, `${JSON.stringify(await measure(undefined), undefined, 2)}\n`);
    return;
  }
  const faults = await fallenTwice(readRatios(ratioFile), measure);
  for (const fault of faults) say(`FELL ${fault}`);
  if (faults.length === 0) say("no ratio fell by more than 35 % of the checked-in one");
  process.exitCode = faults.length === 0 ? 0 : 1;
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
    costsOnly: wanted.check,
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
  const about = { date: new Date().toISOString().slice(0, 10), machine, loads: [before.load, machine.load] as const };
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
