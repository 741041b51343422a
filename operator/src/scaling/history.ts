import type { Limits, Pace } from "./plan.ts";
import type { Wish } from "./wish.ts";

interface Seen extends Wish {
  readonly at: number;
}

/** A change of replicas that was decided. */
interface Step {
  readonly at: number;
  /** Pods more, or fewer where negative. */
  readonly by: number;
}

/** What was wished and done lately. Times are in milliseconds of a monotonic clock. */
export interface History {
  /** Since when it is without a break. */
  readonly since: number;
  readonly seen: readonly Seen[];
  readonly steps: readonly Step[];
}

/** Longer without a look, and what was seen before says nothing of the time between: the windows begin anew. */
const BREAK_MS = 60_000;

/** Pods that may be added to few ones at once, where no step is given. */
const defaultStep = 4;

const newestAt = ({ seen, since }: History): number => seen.at(-1)?.at ?? since;

const longest = ({ up, down }: Limits): number =>
  Math.max(up.windowMs, down.windowMs, up.periodMs, down.periodMs) + BREAK_MS;

/** `history` as far as it still counts at `now`. */
export const continued = (history: History | undefined, now: number, limits: Limits): History => {
  if (history === undefined || now - newestAt(history) > BREAK_MS || now < newestAt(history))
    return { since: now, seen: [], steps: [] };
  const young = ({ at }: { readonly at: number }) => now - at <= longest(limits);
  return { ...history, seen: history.seen.filter(young), steps: history.steps.filter(young) };
};

export const withWish = (history: History, at: number, wish: Wish): History => ({
  ...history,
  seen: [...history.seen, { at, ...wish }],
});

export const withStep = (history: History, at: number, by: number): History =>
  by === 0 ? history : { ...history, steps: [...history.steps, { at, by }] };

/** Wishes of the last `windowMs`, that of `now` among them. */
export const within = ({ seen }: History, now: number, windowMs: number): readonly Wish[] =>
  seen.filter(({ at }) => now - at <= windowMs);

/** Pods by which replicas may still grow (or shrink) at `now`; `current` are those that run. */
export const stepLeft = (
  { steps }: History,
  now: number,
  { pace, current, grows }: { readonly pace: Pace; readonly current: number; readonly grows: boolean },
): number => {
  const lately = steps.filter(({ at, by }) => now - at < pace.periodMs && by > 0 === grows);
  const taken = lately.reduce((sum, { by }) => sum + Math.abs(by), 0);
  const atStart = grows ? current - taken : current + taken;
  return Math.max(0, (pace.maxPods ?? Math.max(defaultStep, atStart)) - taken);
};
