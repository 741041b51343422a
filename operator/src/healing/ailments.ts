import type { Replacement } from "@revenprox/contract/resource/status-healing";
import type { PodLoad } from "../fleet/pod-load.ts";

export type Cause = Replacement["cause"];

/** A proxy that says itself that it has lost something. */
export interface Ailment {
  readonly pod: string;
  readonly uid: string;
  readonly cause: Cause;
  /** Milliseconds, in which it said so first, and last; only differences count. */
  readonly since: number;
  readonly seenAt: number;
}

/** What a proxy has lost; undefined when it is fine, or says nothing. */
export const causeOf = ({ figures }: PodLoad): Cause | undefined => {
  if (figures === undefined || figures.draining) return undefined;
  if (!figures.natsConnected) return "NatsLost";
  return figures.breaker === "open" ? "BreakerOpen" : undefined;
};

/** Whether a proxy serves, and says that it has lost nothing. */
export const isFine = (load: PodLoad): boolean =>
  load.ready && load.goneBy === undefined && load.figures?.draining === false && causeOf(load) === undefined;

/**
 * The ailments after one more reading of all proxies. A proxy that did not answer keeps the time since which it is
 * known to ail, but nothing is concluded from its silence; one that is fine, or ails of something else, begins anew.
 */
export const ailmentsAfter = (
  before: readonly Ailment[],
  loads: readonly PodLoad[],
  readAt: number,
): readonly Ailment[] =>
  loads.flatMap((load) => {
    if (load.goneBy !== undefined) return [];
    const known = before.find(({ uid }) => uid === load.uid);
    if (load.figures === undefined) return known ?? [];
    const cause = causeOf(load);
    if (cause === undefined) return [];
    const since = known?.cause === cause ? known.since : readAt;
    return { pod: load.pod, uid: load.uid, cause, since, seenAt: readAt };
  });
