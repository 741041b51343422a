import type { PodLoad } from "../fleet/pod-load.ts";
import type { Target } from "./plan.ts";

/** What the proxies hold, as far as they said so. */
export interface Load {
  /** Streams on all pods that answered, those of pods that go included: their clients come back to the others. */
  readonly streams: number;
  /** Pods that take streams. */
  readonly ready: number;
  /** Ready pods whose figures are missing. */
  readonly unknown: number;
  /** Pods that drain: what they hold is on its way. */
  readonly leaving: number;
  /** Pods that are to stay, are not ready and do not answer: they start, or hold streams that nobody counts. */
  readonly unsettled: number;
}

/** How many pods a load asks for. `need <= aim <= enough`; replicas between need and enough are left as they are. */
export interface Wish {
  /** With fewer pods each holds more than the target and its tolerance. */
  readonly need: number;
  /** Each holds its target at most. */
  readonly aim: number;
  /** With as many each holds less than the target by its tolerance. */
  readonly enough: number;
}

const isLeaving = ({ goneBy, figures }: PodLoad): boolean => goneBy !== undefined || figures?.draining === true;

export const loadOf = (pods: readonly PodLoad[]): Load => {
  const staying = pods.filter((pod) => !isLeaving(pod));
  const serving = staying.filter(({ ready }) => ready);
  const silent = ({ figures }: PodLoad) => figures === undefined;
  return {
    streams: pods.reduce((sum, { figures }) => sum + (figures?.streams ?? 0), 0),
    ready: serving.length,
    unknown: serving.filter(silent).length,
    leaving: pods.length - staying.length,
    unsettled: staying.filter((pod) => !pod.ready && silent(pod)).length,
  };
};

/** A pod whose figures are missing counts as one at its target: neither a reason to add pods nor one to take some away. */
export const wishOf = ({ streams, unknown }: Load, { perPod, tolerance }: Target): Wish => {
  const all = streams + unknown * perPod;
  // What is a whole number but for rounding must not ask for one pod more.
  const pods = (each: number): number => Math.ceil(all / each - 1e-9);
  return {
    need: pods(perPod * (1 + tolerance)),
    aim: pods(perPod),
    enough: pods(perPod * (1 - tolerance)),
  };
};
