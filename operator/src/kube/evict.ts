import type { Eviction } from "../reconcile/roll-nats.ts";
import type { KubeClient } from "./client.ts";
import { pathOf, podKind } from "./kinds.ts";
import { KubeError } from "./kube-error.ts";

/** A pod that is meant, and no other one that has its name by now. */
export interface PodRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/**
 * Deletes a pod as a drain does: a PodDisruptionBudget that allows no disruption holds it back. Throws when the API
 * server does not answer.
 */
export const evict = async (client: KubeClient, { namespace, name, uid }: PodRef): Promise<Eviction> => {
  const body = {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name, namespace },
    deleteOptions: { preconditions: { uid } },
  };
  try {
    await client.request({ method: "POST", path: `${pathOf(podKind, namespace, name)}/eviction`, body });
    return { kind: "evicted" };
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    // 429: the budget. 404 and 409: it has gone, or another pod has the name.
    if (error.status === 404 || error.status === 409) return { kind: "evicted" };
    return { kind: "held", why: error.message };
  }
};
