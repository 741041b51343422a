import type { PodLoad } from "../fleet/pod-load.ts";
import type { Cause } from "./record.ts";
import { isRolling, staying } from "./step.ts";

export interface CauseInput {
  readonly wanted: number;
  readonly current: number;
  readonly pods: readonly PodLoad[];
  /** Whether pods were asked just now to give streams away. */
  readonly shed: boolean;
  /** Revision of the Deployment that a ReplicaSet is of, by its uid; 0 when it is not known. */
  readonly revisionOf: (owner: string) => number;
}

/** Why streams move now; undefined when nothing but pods that drain still moves any. */
export const causeOf = ({ wanted, current, pods, shed, revisionOf }: CauseInput): Cause | undefined => {
  const stay = staying(pods);
  if (isRolling(pods)) {
    const revisions = stay.map(({ owner }) => revisionOf(owner));
    return { reason: "PodTemplateChanged", from: `${Math.min(...revisions)}`, to: `${Math.max(...revisions)}` };
  }
  if (stay.length > wanted || (stay.length > 0 && current > wanted))
    return { reason: "ScaleDown", from: `${Math.max(stay.length, current)}`, to: `${wanted}` };
  const shedding = stay.some(({ figures }) => (figures?.shedding ?? 0) > 0);
  return shed || shedding ? { reason: "Rebalance", from: `${stay.length}`, to: `${stay.length}` } : undefined;
};
