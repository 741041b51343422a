import type { RevenProxSpec } from "@revenprox/contract/resource/spec";

/** How fast replicas may go one way. Times are in milliseconds. */
export interface Pace {
  /** Through all of which the load must ask for a change. */
  readonly windowMs: number;
  /** Pods by which replicas change at most within `periodMs`; undefined: four, or as many as there are. */
  readonly maxPods: number | undefined;
  readonly periodMs: number;
}

/** Bounds and paces, the same in all three modes. */
export interface Limits {
  readonly min: number;
  readonly max: number;
  readonly up: Pace;
  readonly down: Pace;
}

/** Streams that a pod is to hold. */
export interface Target {
  readonly perPod: number;
  /** Share by which the streams of a pod may be off the target before replicas change. */
  readonly tolerance: number;
}

const defaultMinReplicas = 2;
const defaultTolerance = 0.1;
/** Of what a pod accepts; the rest is for the streams of pods that fail, and for clients that come while new pods start. */
const defaultTargetShare = 0.6;
const defaultUp = { windowSec: 0, periodSec: 15 };
const defaultDown = { windowSec: 300, maxPods: 1, periodSec: 60 };
/** Of the autoscaling API. */
const longestPeriodSec = 1_800;

type Autoscaling = NonNullable<RevenProxSpec["autoscaling"]>;
export type ScalingMode = NonNullable<Autoscaling["mode"]>;

/** Who decides how many proxies run; undefined: nobody but `spec.replicas`. */
export const modeOf = ({ autoscaling }: RevenProxSpec): ScalingMode | undefined =>
  autoscaling === undefined ? undefined : (autoscaling.mode ?? "Connections");

const drainPeriodSec = (drainSec: number): number =>
  Math.min(longestPeriodSec, Math.max(defaultDown.periodSec, drainSec));

/** `drainSec`: how long a pod that goes may take to move its streams. */
export const limitsOf = (
  { minReplicas, maxReplicas, scaleUp = {}, scaleDown = {} }: Autoscaling,
  drainSec: number,
): Limits => ({
  min: minReplicas ?? Math.min(defaultMinReplicas, maxReplicas),
  max: maxReplicas,
  up: {
    windowMs: (scaleUp.stabilizationWindowSeconds ?? defaultUp.windowSec) * 1_000,
    maxPods: scaleUp.maxPods,
    periodMs: (scaleUp.periodSeconds ?? defaultUp.periodSec) * 1_000,
  },
  down: {
    windowMs: (scaleDown.stabilizationWindowSeconds ?? defaultDown.windowSec) * 1_000,
    maxPods: scaleDown.maxPods ?? defaultDown.maxPods,
    periodMs: (scaleDown.periodSeconds ?? drainPeriodSec(drainSec)) * 1_000,
  },
});

/** Fewest proxies that are to run while nothing is amiss: what alerts and budgets go by. */
export const minReplicasOf = ({ autoscaling, replicas }: RevenProxSpec): number =>
  autoscaling === undefined
    ? replicas
    : (autoscaling.minReplicas ?? Math.min(defaultMinReplicas, autoscaling.maxReplicas));

/** `accepts`: streams that a pod takes at most; with more than it a target would be found exceeded too late. */
export const targetOf = ({ connections = {} }: Autoscaling, accepts: number): Target => {
  const tolerance = connections.tolerancePercent === undefined ? defaultTolerance : connections.tolerancePercent / 100;
  const perPod = connections.targetPerPod ?? accepts * defaultTargetShare;
  return { perPod: Math.max(1, Math.floor(Math.min(perPod, accepts / (1 + tolerance)))), tolerance };
};
