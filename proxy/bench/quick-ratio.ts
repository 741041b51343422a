import { existsSync, readFileSync } from "node:fs";
import { median } from "./statistics.ts";

/**
 * What the bare library's CPU costs are of the proxy's, by scenario and subject: 1 is as cheap, 0.5 twice as dear.
 * Costs, since under other load of the machine they stay much steadier than rates.
 */
export type Ratios = Readonly<Record<string, number>>;

/** A ratio may fall by this part of the checked-in one. */
export const mostFall = 0.35;

/** CPU µs of an operation, by subject, round by round; NaN where a round gave nothing. */
export interface Costs {
  readonly scenario: string;
  readonly reference: string | undefined;
  readonly bySubject: ReadonlyMap<string, readonly number[]>;
}

const ratioTo = (theirs: readonly number[], ours: readonly number[]): number | undefined =>
  median(ours.map((cost, round) => (theirs[round] ?? Number.NaN) / cost).filter((ratio) => ratio > 0));

/** Medians over the rounds of the ratios in each. */
export const ratiosOf = (all: readonly Costs[]): Ratios =>
  Object.fromEntries(
    all.flatMap(({ scenario, reference = "", bySubject }) =>
      [...bySubject].flatMap(([subject, costs]) => {
        const ratio = subject === reference ? undefined : ratioTo(bySubject.get(reference) ?? [], costs);
        return ratio === undefined ? [] : [[`${scenario} ${subject}`, Number(ratio.toFixed(3))]];
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
  if (!existsSync(file)) throw new Error(`${file} is not there: npm run bench -- --check --write makes it`);
  return JSON.parse(readFileSync(file, "utf8")) as Ratios;
};
