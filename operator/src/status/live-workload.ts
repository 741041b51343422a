import type { KubernetesObject } from "../reconcile/ports.ts";
import type { Trouble } from "./verdict.ts";

interface WorkloadCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** A Deployment or StatefulSet as far as the status depends on it. */
export interface LiveWorkload {
  readonly kind: string;
  /** Pods that its spec asks for. */
  readonly wanted: number;
  readonly exist: number;
  readonly updated: number;
  readonly ready: number;
  readonly available: number;
  /** Whether the figures speak of the present spec. */
  readonly observed: boolean;
  readonly deadlineExceeded: boolean;
  /** Why pods cannot even be made, a quota for example. */
  readonly refusedPods: Trouble | undefined;
}

interface WorkloadStatus {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly conditions?: readonly WorkloadCondition[];
}

const refusedPods = (name: string, conditions: readonly WorkloadCondition[]): Trouble | undefined => {
  const failure = conditions.find(({ type, status }) => type === "ReplicaFailure" && status === "True");
  if (failure === undefined) return undefined;
  return {
    reason: "PodsRefused",
    message: `The API server refuses the pods of ${name}: ${failure.message ?? "no reason given"}`,
  };
};

export const liveWorkload = (object: KubernetesObject): LiveWorkload => {
  const status = (object["status"] ?? {}) as WorkloadStatus;
  const spec = (object["spec"] ?? {}) as { readonly replicas?: number };
  const conditions = status.conditions ?? [];
  return {
    kind: object.kind,
    wanted: spec.replicas ?? 1,
    exist: status.replicas ?? 0,
    updated: status.updatedReplicas ?? 0,
    ready: status.readyReplicas ?? 0,
    available: status.availableReplicas ?? 0,
    observed: (status.observedGeneration ?? 0) >= (object.metadata.generation ?? 0),
    deadlineExceeded: conditions.some(({ reason }) => reason === "ProgressDeadlineExceeded"),
    refusedPods: refusedPods(object.metadata.name, conditions),
  };
};

/** What a roll-out still waits for, as kstatus sees it; undefined when there is nothing left. */
export const waitsFor = ({ kind, wanted, exist, updated, available, observed }: LiveWorkload): string | undefined => {
  if (!observed) return `The ${kind} controller has not seen the change yet.`;
  if (updated < wanted) return `${updated} of ${wanted} pods are of the present revision.`;
  if (exist > wanted && exist === updated) return `${exist - wanted} pods more than wanted remain.`;
  if (exist > updated) return `${exist - updated} pods of the former revision remain.`;
  if (available < wanted) return `${available} of ${wanted} pods are available.`;
  return undefined;
};
