import { type Condition, type ConditionType, conditionTypes } from "@revenprox/contract/condition-types";
import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import type { Verdict } from "./verdict.ts";

export type Verdicts = Readonly<Record<ConditionType, Verdict>>;

/** What the times of conditions depend on. */
export interface ConditionTimes {
  readonly old: RevenProxStatus | undefined;
  readonly now: Date;
  readonly generation: number;
  /** Reconciling measures how long there was no progress, so its time begins anew with each step forward. */
  readonly cameForward: boolean;
}

/** Most characters of a message that the CRD takes; what an API server says of many faults at once is longer. */
const maxMessageLength = 4_096;

const shortened = (message: string): string =>
  message.length <= maxMessageLength ? message : `${message.slice(0, maxMessageLength - 1)}…`;

export const wholeSeconds = (time: Date): string => time.toISOString().replace(/\.\d+Z$/, "Z");

export const conditions = (verdicts: Verdicts, { old, now, generation, cameForward }: ConditionTimes): Condition[] =>
  conditionTypes.map((type) => {
    const verdict = verdicts[type];
    const before = old?.conditions?.find((condition) => condition.type === type);
    const restarts = type === "Reconciling" && verdict.status === "True" && cameForward;
    const lastTransitionTime =
      before?.status === verdict.status && !restarts ? before.lastTransitionTime : wholeSeconds(now);
    const { status, reason, message } = verdict;
    return { type, status, reason, message: shortened(message), lastTransitionTime, observedGeneration: generation };
  });
