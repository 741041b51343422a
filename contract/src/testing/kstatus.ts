/** An object of the Kubernetes API as far as kstatus looks at it. */
export interface StatusObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly { readonly uid: string }[];
  };
  readonly spec?: unknown;
  readonly status?: unknown;
}

export type KStatus = "Current" | "InProgress" | "Failed" | "Terminating";

export interface StatusCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly lastTransitionTime?: string;
  readonly observedGeneration?: number;
}

interface Status {
  readonly observedGeneration?: number;
  readonly conditions?: readonly StatusCondition[];
  readonly [field: string]: unknown;
}

export const statusOf = (object: StatusObject): Status => (object.status ?? {}) as Status;

/** `True`, `False` or `Unknown`; undefined when there is no such condition. */
export const conditionStatus = ({ conditions = [] }: Status, type: string): string | undefined =>
  conditions.find((condition) => condition.type === type)?.status;

/** What holds for every kind; undefined: the rules of the kind decide. */
const byGenericRules = (object: StatusObject): KStatus | undefined => {
  const { deletionTimestamp, generation } = object.metadata;
  const { observedGeneration, conditions = [] } = statusOf(object);
  if (deletionTimestamp !== undefined) return "Terminating";
  if (observedGeneration !== undefined && generation !== undefined && observedGeneration !== generation)
    return "InProgress";
  // Whichever is listed first decides, so that both at once would mean different things to different readers.
  const first = conditions.find(({ type, status }) => status === "True" && ["Reconciling", "Stalled"].includes(type));
  if (first === undefined) return undefined;
  return first.type === "Reconciling" ? "InProgress" : "Failed";
};

const count = (status: Status, field: string): number => Number(status[field] ?? 0);

interface WorkloadSpec {
  readonly replicas?: number;
  readonly progressDeadlineSeconds?: number;
  readonly updateStrategy?: { readonly type?: string };
}

const ofDeployment = (object: StatusObject): KStatus => {
  const status = statusOf(object);
  const { replicas: wanted = 1, progressDeadlineSeconds } = (object.spec ?? {}) as WorkloadSpec;
  const progressing = status.conditions?.find(({ type }) => type === "Progressing");
  if (progressing?.reason === "ProgressDeadlineExceeded") return "Failed";
  const [exist, updated] = [count(status, "replicas"), count(status, "updatedReplicas")];
  const podsAreThere =
    exist === wanted &&
    updated >= wanted &&
    count(status, "availableReplicas") >= updated &&
    count(status, "readyReplicas") >= wanted;
  const rolledOut =
    progressDeadlineSeconds === undefined ||
    (progressing?.status === "True" && progressing.reason === "NewReplicaSetAvailable");
  return podsAreThere && rolledOut && conditionStatus(status, "Available") === "True" ? "Current" : "InProgress";
};

/** `OnDelete` leaves the pods to somebody else, so that there is nothing to wait for. */
const ofStatefulSet = (object: StatusObject): KStatus => {
  const status = statusOf(object);
  const { replicas: wanted = 1, updateStrategy } = (object.spec ?? {}) as WorkloadSpec;
  if (updateStrategy?.type === "OnDelete") return "Current";
  const podsAreThere = count(status, "replicas") === wanted && count(status, "readyReplicas") >= wanted;
  const rolledOut =
    count(status, "currentReplicas") >= wanted && status["currentRevision"] === status["updateRevision"];
  return podsAreThere && rolledOut ? "Current" : "InProgress";
};

const ofOtherKind = (object: StatusObject): KStatus =>
  ["False", "Unknown"].includes(conditionStatus(statusOf(object), "Ready") ?? "") ? "InProgress" : "Current";

/**
 * What tools that follow kstatus (Flux, kpt, kubectl plugins) make of an object, by its rules as published:
 * https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus
 */
export const kstatus = (object: StatusObject): KStatus => {
  const decided = byGenericRules(object);
  if (decided !== undefined) return decided;
  if (object.kind === "Deployment") return ofDeployment(object);
  return object.kind === "StatefulSet" ? ofStatefulSet(object) : ofOtherKind(object);
};
