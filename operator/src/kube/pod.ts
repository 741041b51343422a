import { podKind, replicaSetKind } from "./kinds.ts";
import type { LiveObject } from "./object.ts";
import { deletionCostAnnotation } from "./pod-deletion-cost.ts";
import type { ObjectStore } from "./store.ts";

interface PodVolume {
  readonly configMap?: { readonly name?: string };
  readonly projected?: { readonly sources?: readonly { readonly configMap?: { readonly name?: string } }[] };
}

/** A pod as far as it is read here. */
export interface Pod extends LiveObject {
  readonly spec?: { readonly nodeName?: string; readonly volumes?: readonly PodVolume[] };
  readonly status?: {
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** A pod without the parts that nobody here reads: most of its size. */
export const slimPod = (object: LiveObject): LiveObject => {
  const pod: Pod = object;
  const { annotations = {}, ...rest } = pod.metadata;
  const cost = annotations[deletionCostAnnotation];
  const metadata = cost === undefined ? rest : { ...rest, annotations: { [deletionCostAnnotation]: cost } };
  const { nodeName, volumes = [] } = pod.spec ?? {};
  const spec = { ...(nodeName === undefined ? {} : { nodeName }), volumes: volumes.filter(isConfigMapVolume) };
  return { ...pod, metadata, spec };
};

const isConfigMapVolume = ({ configMap, projected }: PodVolume): boolean =>
  configMap !== undefined || projected !== undefined;

/** Names of the ConfigMaps that a pod mounts. */
export const mountedConfigMaps = (object: LiveObject): readonly string[] => {
  const pod: Pod = object;
  return (pod.spec?.volumes ?? []).flatMap(({ configMap, projected }) =>
    [configMap, ...(projected?.sources ?? []).map((source) => source.configMap)].flatMap((each) => each?.name ?? []),
  );
};

/** Pods below the workloads that the owner of `uid` controls, found by controllers' uids alone: labels can be forged. */
export const podsBelow = (store: ObjectStore, uid: string): readonly LiveObject[] => {
  const workloads = store.ownedBy(uid).flatMap(({ metadata }) => store.ownedBy(metadata.uid ?? ""));
  const replicaSets = workloads.filter(({ kind }) => kind === replicaSetKind.kind);
  const below = replicaSets.flatMap(({ metadata }) => store.ownedBy(metadata.uid ?? ""));
  return [...workloads, ...below].filter(({ kind }) => kind === podKind.kind);
};

export const isReadyPod = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  (pod.status?.conditions ?? []).some(({ type, status }) => type === "Ready" && status === "True");
