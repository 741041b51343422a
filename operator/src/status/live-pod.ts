import type { KubernetesObject } from "../reconcile/ports.ts";

interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt?: string };
  readonly terminated?: { readonly reason?: string; readonly exitCode?: number };
}

export interface ContainerStatus {
  readonly name: string;
  readonly image?: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

/** A pod as far as the status depends on it. */
export interface LivePod {
  readonly name: string;
  readonly namespace: string | undefined;
  /** Value of its `app` label. */
  readonly app: string | undefined;
  readonly phase: string | undefined;
  readonly reason: string | undefined;
  readonly message: string | undefined;
  readonly ready: boolean;
  /** Why the scheduler found no node; undefined when it did or has not tried. */
  readonly unschedulable: string | undefined;
  readonly containers: readonly ContainerStatus[];
}

interface PodStatus {
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason?: string;
    readonly message?: string;
  }[];
  readonly containerStatuses?: readonly ContainerStatus[];
}

const livePod = (pod: KubernetesObject): LivePod => {
  const status = (pod["status"] ?? {}) as PodStatus;
  const condition = (type: string) => status.conditions?.find((each) => each.type === type);
  const scheduled = condition("PodScheduled");
  const unscheduled = scheduled?.status === "False" && scheduled.reason === "Unschedulable";
  return {
    name: pod.metadata.name,
    namespace: pod.metadata.namespace,
    app: pod.metadata.labels?.["app"],
    phase: status.phase,
    reason: status.reason,
    message: status.message,
    ready: condition("Ready")?.status === "True",
    unschedulable: unscheduled ? (scheduled.message ?? "no reason given") : undefined,
    containers: status.containerStatuses ?? [],
  };
};

/** Pods that are to stay, in the order of their names. */
export const livePods = (pods: readonly KubernetesObject[]): readonly LivePod[] =>
  pods
    .filter((pod) => pod.metadata.deletionTimestamp === undefined)
    .map(livePod)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
