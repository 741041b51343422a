import { planAnnotation } from "@revenprox/contract/resource/group";
import { podKind, replicaSetKind, revenproxKind } from "./kinds.ts";
import { keyOf, type LiveObject } from "./object.ts";
import type { Change } from "./store.ts";

const instanceLabel = "app.kubernetes.io/instance";

/** Keys of the RevenProxes that must be looked at because of a change; labels lead to them, uids decide later. */
export const keysOf = (change: Change): readonly string[] => {
  if (change.kind === revenproxKind) return ofResource(change);
  // Of a ReplicaSet only its being there matters: it links pods to their Deployment.
  if (change.kind === replicaSetKind && change.before !== undefined && change.after !== undefined) return [];
  return [...new Set([change.before, change.after].flatMap(ofChild))];
};

/**
 * Whether a change can touch no more than what the status says: pods are their controllers' business. But where one
 * begins to drain or is gone, the next step of a roll-out may be due.
 */
export const isOnlyOfStatus = ({ kind, before, after }: Change): boolean =>
  kind === replicaSetKind || (kind === podKind && after !== undefined && isLeaving(before) === isLeaving(after));

const isLeaving = (pod: LiveObject | undefined): boolean => pod?.metadata.deletionTimestamp !== undefined;

const ofChild = (object: LiveObject | undefined): readonly string[] => {
  const instance = object?.metadata.labels?.[instanceLabel];
  return object === undefined || instance === undefined ? [] : [keyOf(object.metadata.namespace, instance)];
};

/** Our own status patches do not count, or each would cause the next pass. */
const ofResource = ({ before, after }: Change): readonly string[] => {
  const object = after ?? before;
  if (object === undefined) return [];
  const same =
    before?.metadata.uid === after?.metadata.uid &&
    before?.metadata.generation === after?.metadata.generation &&
    before?.metadata.annotations?.[planAnnotation] === after?.metadata.annotations?.[planAnnotation] &&
    before?.metadata.deletionTimestamp === after?.metadata.deletionTimestamp;
  return same ? [] : [keyOf(object.metadata.namespace, object.metadata.name)];
};
