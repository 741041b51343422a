import { names } from "@revenprox/contract/names";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { effectiveConfig, InvalidConfigError } from "../desired/effective-config.ts";
import { deploymentKind, replicaSetKind } from "../kube/kinds.ts";
import { controllerOf, type LiveObject } from "../kube/object.ts";
import { podsBelow } from "../kube/pod.ts";
import type { ObjectStore } from "../kube/store.ts";
import { type MovePace, paceOf } from "./pace.ts";

/** The proxies of a resource as the API server shows them, before any is asked. */
export interface Scene {
  readonly revenprox: RevenProx;
  /** Proxies that are to run in the end. */
  readonly wanted: number;
  /** `spec.replicas` of the Deployment. */
  readonly current: number;
  /** `spec.paused` of the Deployment. */
  readonly paused: boolean;
  /** Whether the Deployment's controller has seen its present spec. */
  readonly observed: boolean;
  /** Pods below the resource by uid, those that go included. */
  readonly pods: readonly LiveObject[];
  readonly pace: MovePace;
  /** Revision of the Deployment that a ReplicaSet is of, by its uid; 0 when it is not known. */
  readonly revisionOf: (owner: string) => number;
  readonly now: Date;
}

const revisionAnnotation = "deployment.kubernetes.io/revision";

interface DeploymentSpec {
  readonly replicas?: number;
  readonly paused?: boolean;
}

const paceOrNone = (revenprox: RevenProx): MovePace | undefined => {
  try {
    return paceOf(revenprox.spec, effectiveConfig(revenprox.spec.config).effective.http);
  } catch (error) {
    // Told by the pass itself, which then makes nothing of this resource.
    if (error instanceof InvalidConfigError) return undefined;
    throw error;
  }
};

/** Undefined where there is no Deployment yet, or none of ours. */
export const sceneOf = (
  { store, wallClock }: { readonly store: ObjectStore; readonly wallClock: () => Date },
  revenprox: RevenProx,
  wanted: number,
): Scene | undefined => {
  const { name, namespace, uid } = revenprox.metadata;
  const deployment = store.get(deploymentKind, namespace, names(name).proxy);
  const pace = paceOrNone(revenprox);
  if (deployment === undefined || pace === undefined || controllerOf(deployment)?.uid !== uid) return undefined;
  const { replicas = 1, paused = false } = (deployment["spec"] ?? {}) as DeploymentSpec;
  const { observedGeneration = 0 } = (deployment["status"] ?? {}) as { readonly observedGeneration?: number };
  return {
    revenprox,
    wanted,
    current: replicas,
    paused,
    observed: observedGeneration >= (deployment.metadata.generation ?? 0),
    pods: podsBelow(store, uid),
    pace,
    revisionOf: (owner) => {
      const replicaSets = store
        .ownedBy(deployment.metadata.uid ?? "")
        .filter(({ kind }) => kind === replicaSetKind.kind);
      const found = replicaSets.find(({ metadata }) => metadata.uid === owner);
      return Number(found?.metadata.annotations?.[revisionAnnotation] ?? 0);
    },
    now: wallClock(),
  };
};
