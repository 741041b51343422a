import { metrics } from "../metrics.ts";

/** The seed's service level indicators. */
export const sliNames = ["availability", "latency", "errors"] as const;
export type SliName = (typeof sliNames)[number];

/** What an instance promises over `budgetDays`. */
export interface Objectives {
  /** Percent of scrapes, and of requests, that find the service there. */
  readonly availabilityPercent: number;
  /** Percent of deliveries that take at most `latencyThresholdMs`. */
  readonly latencyPercent: number;
  /** One of `latencyEdges`. */
  readonly latencyThresholdMs: number;
  /** Percent of requests that may fail. */
  readonly errorsMaxPercent: number;
}

/** The seed's targets: 99.9 % available, 99 % of deliveries under 100 ms, under 0.1 % errors. */
export const defaultObjectives: Objectives = {
  availabilityPercent: 99.9,
  latencyPercent: 99,
  latencyThresholdMs: 100,
  errorsMaxPercent: 0.1,
};

/** Days that an error budget is for. */
export const budgetDays = 30;

/** Milliseconds at which the histogram of deliveries can be cut exactly. */
export const latencyEdges: readonly number[] = metrics.message_latency_ms.buckets;

/** Share of events that may be bad, 0 to 1. */
export const budgetOf = (objectives: Objectives): Readonly<Record<SliName, number>> => {
  const share = (percent: number): number => Number((percent / 100).toPrecision(10));
  return {
    availability: share(100 - objectives.availabilityPercent),
    latency: share(100 - objectives.latencyPercent),
    errors: share(objectives.errorsMaxPercent),
  };
};
