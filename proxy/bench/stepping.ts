/** A rate that was tried. */
export interface Step {
  readonly rate: number;
  readonly passed: boolean;
}

export interface SteppingRules {
  /** The first rate. */
  readonly start: number;
  /** From one rate to the next while none has failed, or none has passed. */
  readonly factor: number;
  /** The search ends when the lowest failed rate is at most so many times the highest passed one. */
  readonly resolution: number;
  /** A rate has failed when it failed so often: machines hiccup. */
  readonly attempts: number;
  readonly maxSteps: number;
}

const longestStride = 3;

const highestPassed = (steps: readonly Step[]): number =>
  steps.reduce((best, { rate, passed }) => (passed ? Math.max(best, rate) : best), 0);

const lowestFailed = (steps: readonly Step[], attempts: number): number => {
  const best = highestPassed(steps);
  const failures = new Map<number, number>();
  for (const { rate, passed } of steps) if (!passed) failures.set(rate, (failures.get(rate) ?? 0) + 1);
  return Math.min(...[...failures].flatMap(([rate, count]) => (count >= attempts && rate > best ? [rate] : [])));
};

/** The rate to try next; undefined when the highest one that passes is known well enough, or cannot be found. */
export const nextRate = (
  { start, factor, resolution, attempts, maxSteps }: SteppingRules,
  steps: readonly Step[],
): number | undefined => {
  if (steps.length >= maxSteps) return undefined;
  const last = steps.at(-1);
  if (last === undefined) return start;
  const passed = highestPassed(steps);
  const failed = lowestFailed(steps, attempts);
  if (!last.passed && last.rate > passed && last.rate < failed) return last.rate;
  // The more passed, the longer the strides: the first rate was far off.
  if (failed === Number.POSITIVE_INFINITY)
    return passed * factor ** Math.min(steps.filter((step) => step.passed).length, longestStride);
  if (passed === 0) return failed / factor ** 2;
  return failed / passed <= resolution ? undefined : Math.sqrt(failed * passed);
};

/** Tries rates until the highest one that passes is found; undefined where none passed. `step` tries one. */
export const searchMaximum = async <R extends { readonly passed: boolean }>(
  rules: SteppingRules,
  step: (rate: number) => Promise<R>,
): Promise<{ readonly best: (R & Step) | undefined; readonly tried: readonly (R & Step)[] }> => {
  const tried: (R & Step)[] = [];
  for (let rate = nextRate(rules, tried); rate !== undefined; rate = nextRate(rules, tried))
    tried.push({ ...(await step(rate)), rate });
  const passed = tried.filter((one) => one.passed).sort((a, b) => b.rate - a.rate);
  return { best: passed[0], tried };
};
