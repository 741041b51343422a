import type { KubeClient } from "./client.ts";
import { pathOf, podKind } from "./kinds.ts";
import { isStatus } from "./kube-error.ts";
import type { LiveObject } from "./object.ts";

/** Pods of lower cost go first, after those that are not ready; pods without it cost nothing. */
export const deletionCostAnnotation = "controller.kubernetes.io/pod-deletion-cost";
const goesFirst = "-1000";

/** Has the pods named go before all others when their number is lowered; throws as the client does. */
export type MarkPods = (pods: readonly LiveObject[], first: readonly string[]) => Promise<void>;

/**
 * Writes only what differs: the victims' cost, and none on pods that were marked for a step that was not taken. The uid
 * keeps the server from touching another pod of the name.
 */
export const createMarkPods = (client: KubeClient, manager: string): MarkPods => {
  const mark = async ({ metadata }: LiveObject, cost: string | null): Promise<void> => {
    try {
      await client.request({
        method: "PATCH",
        path: pathOf(podKind, metadata.namespace, metadata.name),
        query: { fieldManager: manager },
        contentType: "application/merge-patch+json",
        body: { metadata: { uid: metadata.uid, annotations: { [deletionCostAnnotation]: cost } } },
      });
    } catch (error) {
      // It is gone, or another one has its name: not one to choose from any more.
      if (!isStatus(error, 404) && !isStatus(error, 409)) throw error;
    }
  };
  return async (pods, first) => {
    for (const pod of pods) {
      const cost = first.includes(pod.metadata.name) ? goesFirst : null;
      const marked = pod.metadata.annotations?.[deletionCostAnnotation] ?? null;
      if (marked !== cost) await mark(pod, cost);
    }
  };
};
