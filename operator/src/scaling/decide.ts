import { continued, type History, stepLeft, within, withStep, withWish } from "./history.ts";
import type { Limits, Target } from "./plan.ts";
import type { Load } from "./wish.ts";
import { wishOf } from "./wish.ts";

/** Why replicas are what they are. */
export type ScalingReason =
  /** The streams are within the tolerance of the target. */
  | "WithinTolerance"
  | "AboveTarget"
  | "BelowTarget"
  /** The load would ask for a change, but not for the whole window yet. */
  | "Stabilizing"
  /** The pods that may change in a period have changed. */
  | "StepLimited"
  /** Fewer would do, but some pods' figures are missing. */
  | "FiguresMissing"
  /** Fewer would do, but pods come or go still, or too few are ready to take the streams. */
  | "PodsUnsettled"
  /** Replicas were outside minReplicas and maxReplicas. */
  | "OutOfBounds";

export interface ScalingInput {
  /** Milliseconds of a monotonic clock. */
  readonly now: number;
  /** Replicas as decided last. */
  readonly current: number;
  readonly load: Load;
  readonly limits: Limits;
  readonly target: Target;
  readonly history: History | undefined;
}

export interface ScalingDecision {
  readonly replicas: number;
  readonly reason: ScalingReason;
  /** Whether more than maxReplicas were asked for within the window of scaleDown. */
  readonly limited: boolean;
  readonly history: History;
}

type Choice = Pick<ScalingDecision, "replicas" | "reason">;

const highest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0);
const lowest = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);

/**
 * How many proxies are to run. Replicas grow when all wishes of the window of scaleUp ask for more, and become fewer
 * when all of the window of scaleDown are content with less, so that no change is taken back within the other's window.
 * What is unknown never takes a pod away. Pure.
 */
export const decide = (input: ScalingInput): ScalingDecision => {
  const { now, current, limits } = input;
  const history = withWish(continued(input.history, now, limits), now, wishOf(input.load, input.target));
  const { replicas, reason } = choose(input, history);
  return {
    replicas,
    reason,
    limited: highest(within(history, now, limits.down.windowMs).map(({ need }) => need)) > limits.max,
    history: withStep(history, now, replicas - current),
  };
};

const choose = (input: ScalingInput, history: History): Choice => {
  const { current, limits } = input;
  const bounded = clamp(current, limits);
  // As when a person scales: bounds are obeyed at once.
  if (bounded !== current) return { replicas: bounded, reason: "OutOfBounds" };
  return growth(input, history) ?? shrinkage(input, history) ?? { replicas: current, reason: "WithinTolerance" };
};

const clamp = (replicas: number, { min, max }: Limits): number => Math.min(max, Math.max(min, replicas));

const growth = ({ now, current, limits }: ScalingInput, history: History): Choice | undefined => {
  const { up, max } = limits;
  const seen = within(history, now, up.windowMs);
  if ((seen.at(-1)?.need ?? 0) <= current || current >= max) return undefined;
  const isYoung = now - history.since < up.windowMs;
  if (isYoung || lowest(seen.map(({ need }) => need)) <= current) return { replicas: current, reason: "Stabilizing" };
  const wanted = clamp(lowest(seen.map(({ aim }) => aim)), limits);
  const left = stepLeft(history, now, { pace: up, current, grows: true });
  return stepped(wanted - current, left, { current, reason: "AboveTarget" });
};

const shrinkage = (input: ScalingInput, history: History): Choice | undefined => {
  const { now, current, limits, load } = input;
  const { down } = limits;
  const seen = within(history, now, down.windowMs);
  const bounded = (pods: number) => clamp(pods, limits);
  if (bounded(seen.at(-1)?.enough ?? current) >= current) return undefined;
  const keep = (reason: ScalingReason): Choice => ({ replicas: current, reason });
  if (load.unknown > 0 || load.ready === 0) return keep("FiguresMissing");
  // Steps before the beginning are not known, so a whole period is waited for, too.
  const isYoung = now - history.since < Math.max(down.windowMs, down.periodMs);
  const wanted = bounded(highest(seen.map(({ enough }) => enough)));
  if (isYoung || wanted >= current) return keep("Stabilizing");
  if (load.leaving + load.unsettled > 0 || load.ready < wanted) return keep("PodsUnsettled");
  const left = stepLeft(history, now, { pace: down, current, grows: false });
  return stepped(wanted - current, left, { current, reason: "BelowTarget" });
};

const stepped = (by: number, left: number, { current, reason }: { current: number; reason: ScalingReason }): Choice => {
  const step = Math.sign(by) * Math.min(Math.abs(by), left);
  return step === 0 ? { replicas: current, reason: "StepLimited" } : { replicas: current + step, reason };
};
