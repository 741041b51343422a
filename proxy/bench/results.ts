import type { Measurement, Scenario } from "./scenarios/scenario.ts";
import { median, medianRatio } from "./statistics.ts";

/** The runs of one subject in one scenario; a run that gave nothing is there as well, so that rounds stay in step. */
export interface SubjectRuns {
  readonly subject: string;
  readonly runs: readonly Measurement[];
}

export interface ScenarioResult {
  readonly scenario: Pick<Scenario, "name" | "title" | "unit" | "better" | "reference">;
  readonly subjects: readonly SubjectRuns[];
}

const valuesOf = ({ runs }: SubjectRuns): readonly number[] => runs.map(({ value }) => value ?? Number.NaN);
const known = (values: readonly number[]): readonly number[] => values.filter((value) => !Number.isNaN(value));

/** Median, lowest and highest of the runs that gave something. */
export const spreadOf = (runs: SubjectRuns) => {
  const values = known(valuesOf(runs));
  if (values.length === 0) return undefined;
  return { median: median(values) ?? Number.NaN, min: Math.min(...values), max: Math.max(...values) };
};

/** Median over the rounds of this subject's value to the reference's of the same round. */
export const ratioOf = ({ scenario, subjects }: ScenarioResult, runs: SubjectRuns): number | undefined => {
  const reference = subjects.find(({ subject }) => subject === scenario.reference);
  if (reference === undefined || reference === runs) return undefined;
  const [ours, theirs] = [valuesOf(runs), valuesOf(reference)];
  const rounds = ours.flatMap((value, round) => {
    const other = theirs[round] ?? Number.NaN;
    return Number.isNaN(value) || Number.isNaN(other) ? [] : [[value, other] as const];
  });
  return medianRatio(
    rounds.map(([value]) => value),
    rounds.map(([, other]) => other),
  );
};

/** Medians of each detail. */
export const detailsOf = ({ runs }: SubjectRuns): Readonly<Record<string, number>> => {
  const names = new Set(runs.flatMap(({ details }) => Object.keys(details)));
  return Object.fromEntries(
    [...names].map((name) => [
      name,
      median(known(runs.map(({ details }) => details[name] ?? Number.NaN))) ?? Number.NaN,
    ]),
  );
};
