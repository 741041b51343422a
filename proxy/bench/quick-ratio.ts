import { existsSync, readFileSync } from "node:fs";
import type { ScenarioResult, SubjectRuns } from "./results.ts";
import { connectCost } from "./scenarios/connects.ts";
import { sameLoadCost } from "./scenarios/stepped.ts";
import { median } from "./statistics.ts";

/**
 * What the bare library's CPU costs are of the proxy's, by scenario and subject: 1 is as cheap, 0.5 twice as dear.
 * Costs, since under other load of the machine they stay much steadier than rates.
 */
export type Ratios = Readonly<Record<string, number>>;

/** A ratio may fall by this part of the checked-in one. */
export const mostFall = 0.35;

/** Details that are compared: those of one load for all subjects. */
export const costDetails = [sameLoadCost, connectCost];

const costRatio = ({ scenario, subjects }: ScenarioResult, ours: SubjectRuns): number | undefined => {
  const reference = subjects.find(({ subject }) => subject === scenario.reference);
  if (reference === undefined || reference === ours) return undefined;
  const rounds = ours.runs.flatMap(({ details }, round) =>
    costDetails.flatMap((cost) => {
      const [mine, theirs] = [details[cost], reference.runs[round]?.details[cost]];
      return mine === undefined || theirs === undefined || !(theirs / mine > 0) ? [] : [theirs / mine];
    }),
  );
  return median(rounds);
};

/** Medians over the rounds. */
export const ratiosOf = (results: readonly ScenarioResult[]): Ratios =>
  Object.fromEntries(
    results.flatMap((result) =>
      result.subjects.flatMap((runs) => {
        const ratio = costRatio(result, runs);
        return ratio === undefined ? [] : [[`${result.scenario.name} ${runs.subject}`, Number(ratio.toFixed(3))]];
      }),
    ),
  );

export interface Fallen {
  readonly scenario: string;
  readonly text: string;
}

/** The scenario of a ratio's name. */
export const scenarioIn = (name: string): string => name.split(" ", 1)[0] ?? "";

/** Each checked-in ratio that has fallen too far, or was not measured. */
export const fallen = (checkedIn: Ratios, measured: Ratios): readonly Fallen[] =>
  Object.entries(checkedIn).flatMap(([name, before]) => {
    const now = measured[name];
    const scenario = scenarioIn(name);
    if (now === undefined) return [{ scenario, text: `${name}: not measured, the checked-in ratio is ${before}` }];
    if (now >= before * (1 - mostFall)) return [];
    const part = Math.round((1 - now / before) * 100);
    const text = `${name}: the bare library's CPU is ${now} of the proxy's, ${part} % less than the checked-in ${before}`;
    return [{ scenario, text }];
  });

/** Throws when there is no such file. */
export const readRatios = (file: string): Ratios => {
  if (!existsSync(file)) throw new Error(`${file} is not there: npm run bench -- --quick --write makes it`);
  return JSON.parse(readFileSync(file, "utf8")) as Ratios;
};
