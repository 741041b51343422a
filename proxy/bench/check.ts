import { writeFileSync } from "node:fs";
import { type Costs, fallen, mostFall, type Ratios, ratiosOf, readRatios, scenarioIn } from "./quick-ratio.ts";
import type { Bench, CostProbe, Scenario } from "./scenarios/scenario.ts";
import { median } from "./statistics.ts";

export interface CheckParts {
  readonly bench: Bench;
  readonly scenarios: readonly Scenario[];
  /** Each measures every subject once; all of a scenario's servers run from its first round to its last. */
  readonly rounds: number;
  readonly ratioFile: string;
}

const startProbes = async (bench: Bench, { subjects, probe }: Scenario): Promise<ReadonlyMap<string, CostProbe>> => {
  const probes = new Map<string, CostProbe>();
  for (const subject of probe === undefined ? [] : subjects)
    try {
      const started = await probe?.(bench, subject);
      if (started !== undefined) probes.set(subject.name, started);
    } catch (error) {
      bench.say(`${subject.name} failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  return probes;
};

/** Round by round, so that a machine that is slow for a while is so for all. */
const costsOf = async ({ bench, rounds }: CheckParts, scenario: Scenario): Promise<Costs> => {
  const { name, title, reference } = scenario;
  bench.say(`${name}. ${title}: ${rounds} rounds`);
  const probes = await startProbes(bench, scenario);
  const costs = new Map<string, number[]>([...probes.keys()].map((subject) => [subject, []]));
  try {
    for (let round = 0; round < rounds; round += 1)
      for (const [subject, probe] of probes) costs.get(subject)?.push(await probe.measure());
  } finally {
    for (const probe of probes.values()) await probe.stop();
  }
  for (const [subject, each] of costs) {
    const known = each.filter((cost) => !Number.isNaN(cost));
    const [low, high] = [Math.min(...known), Math.max(...known)].map((cost) => cost.toFixed(2));
    bench.say(`  ${subject}: ${median(known)?.toFixed(2) ?? "?"} µs (${low}–${high})`);
  }
  return { scenario: name, reference, bySubject: costs };
};

const measure = async (parts: CheckParts, names?: ReadonlySet<string>): Promise<Ratios> => {
  const all: Costs[] = [];
  for (const scenario of parts.scenarios)
    if (names?.has(scenario.name) ?? true) all.push(await costsOf(parts, scenario));
  const ratios = ratiosOf(all);
  for (const [name, ratio] of Object.entries(ratios))
    parts.bench.say(`${name}: the bare library's CPU is ${ratio} of the proxy's`);
  return ratios;
};

/** Writes the ratios anew. */
export const writeRatios = async (parts: CheckParts): Promise<void> =>
  writeFileSync(parts.ratioFile, `${JSON.stringify(await measure(parts), undefined, 2)}\n`);

/** True: none fell. What has fallen is measured once more: a machine that was busy with something else for a moment does no harm. */
export const checkRatios = async (parts: CheckParts): Promise<boolean> => {
  const { say } = parts.bench;
  const checkedIn = readRatios(parts.ratioFile);
  const first = fallen(checkedIn, await measure(parts));
  for (const { text } of first) say(`fell, and is measured again: ${text}`);
  const names = new Set(first.map(({ scenario }) => scenario));
  const again = Object.fromEntries(Object.entries(checkedIn).filter(([name]) => names.has(scenarioIn(name))));
  const twice = first.length === 0 ? [] : fallen(again, await measure(parts, names));
  for (const { text } of twice) say(`FELL ${text}`);
  if (twice.length === 0) say(`no ratio fell by more than ${mostFall * 100} % of the checked-in one`);
  return twice.length === 0;
};
