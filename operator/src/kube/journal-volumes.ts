import { names } from "@revenprox/contract/names";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { claimedSize } from "../desired/nats-plan.ts";
import { quantityBytes } from "../desired/quantity.ts";
import type { JournalVolumeClaims } from "../reconcile/grow-journal.ts";
import type { JournalVolumes } from "../reconcile/ports.ts";
import { type GrowthLimits, type GrowthStep, type JournalClaim, nextGrowth, smallestKept } from "../volumes/growth.ts";
import type { KubeClient } from "./client.ts";
import { pathOf, persistentVolumeClaimKind, podKind, statefulSetKind } from "./kinds.ts";
import { isStatus, KubeError } from "./kube-error.ts";
import type { LiveObject } from "./object.ts";
import { isReadyPod } from "./pod.ts";
import type { StorageClasses } from "./storage-class.ts";
import type { ObjectStore } from "./store.ts";

export interface JournalVolumesDependencies {
  readonly client: KubeClient;
  readonly store: Pick<ObjectStore, "ownedBy">;
  readonly storageClasses: StorageClasses;
  readonly manager: string;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
}

/** How long a refused resize is not asked for again. */
const REFUSED_MS = 600_000;

interface PersistentVolumeClaim extends LiveObject {
  readonly spec?: { readonly storageClassName?: string; readonly resources?: { readonly requests?: Storage } };
  readonly status?: {
    readonly capacity?: Storage;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

interface Storage {
  readonly storage?: string;
}

interface StatefulSet extends LiveObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly readyReplicas?: number;
    readonly updateRevision?: string;
  };
}

const bytesOf = ({ storage }: Storage = {}): number | undefined =>
  storage === undefined ? undefined : quantityBytes(storage);

const claimOf = (claim: PersistentVolumeClaim | undefined): JournalClaim | undefined => {
  if (claim === undefined) return undefined;
  const { metadata, spec, status } = claim;
  return {
    name: metadata.name,
    requestedBytes: bytesOf(spec?.resources?.requests),
    capacityBytes: bytesOf(status?.capacity),
    leaving: metadata.deletionTimestamp !== undefined,
    says: status?.conditions?.find((each) => each.status === "True" && (each.message ?? "") !== "")?.message,
  };
};

const statefulSetOf = (store: Pick<ObjectStore, "ownedBy">, { metadata }: RevenProx): StatefulSet | undefined =>
  store
    .ownedBy(metadata.uid)
    .find(({ kind, metadata: { name } }) => kind === statefulSetKind.kind && name === names(metadata.name).nats);

/** As the StatefulSet's controller names them. */
const claimNames = ({ metadata, spec }: RevenProx): readonly string[] =>
  Array.from(
    { length: spec.nats?.managed?.replicas ?? 1 },
    (_, index) => `journal-${names(metadata.name).nats}-${index}`,
  );

const defaultSize = "2Gi";
const wantedSize = ({ spec }: RevenProx): string => spec.nats?.managed?.storage.size ?? defaultSize;

const readClaims = async (
  client: KubeClient,
  revenprox: RevenProx,
): Promise<readonly (PersistentVolumeClaim | undefined)[]> =>
  Promise.all(
    claimNames(revenprox).map(async (name) => {
      try {
        const path = pathOf(persistentVolumeClaimKind, revenprox.metadata.namespace, name);
        return (await client.request({ method: "GET", path })) as PersistentVolumeClaim;
      } catch (error) {
        if (isStatus(error, 404)) return undefined;
        throw error;
      }
    }),
  );

/** Volumes may be there from before: of a StatefulSet that is being made anew. */
const keptVolumes = async (client: KubeClient, revenprox: RevenProx): Promise<JournalVolumes | undefined> => {
  try {
    const claims = await readClaims(client, revenprox);
    const kept = smallestKept(claims.map(claimOf));
    return kept === undefined ? undefined : { grown: false, kept };
  } catch (error) {
    // Roles from before volumes could grow.
    if (isStatus(error, 403)) return undefined;
    throw error;
  }
};

const mayNotRead =
  "the operator may not read PersistentVolumeClaims: its Role is of an older chart; grant get and patch on them";

/** Undefined: it is done; else what the API server has against it. */
const expand = async (
  { client, manager }: JournalVolumesDependencies,
  { metadata: { namespace, name, uid } }: PersistentVolumeClaim,
  size: string,
): Promise<string | undefined> => {
  try {
    await client.request({
      method: "PATCH",
      path: pathOf(persistentVolumeClaimKind, namespace, name),
      query: { fieldManager: manager },
      contentType: "application/merge-patch+json",
      body: { metadata: { uid }, spec: { resources: { requests: { storage: size } } } },
    });
    return undefined;
  } catch (error) {
    if (error instanceof KubeError && [400, 403, 422].includes(error.status)) return error.message;
    throw error;
  }
};

/** Asks for all that are too small; answers the first refusal. */
const expandAll = async (
  dependencies: JournalVolumesDependencies,
  claims: readonly PersistentVolumeClaim[],
  size: string,
): Promise<string | undefined> => {
  for (const claim of claims) {
    const refused = await expand(dependencies, claim, size);
    if (refused !== undefined) return `${claim.metadata.name}: ${refused}`;
  }
  return undefined;
};

/** Whose claims were refused lately, and why. */
interface Refusals {
  of(uid: string): string | undefined;
  note(uid: string, message: string): void;
}

const createRefusals = (now: () => number): Refusals => {
  const known = new Map<string, { readonly at: number; readonly message: string }>();
  return {
    of: (uid) => {
      for (const [key, { at }] of known) if (now() - at > REFUSED_MS) known.delete(key);
      return known.get(uid)?.message;
    },
    note: (uid, message) => void known.set(uid, { at: now(), message }),
  };
};

const limitsOf = async (
  { storageClasses }: JournalVolumesDependencies,
  claim: PersistentVolumeClaim | undefined,
  refusal: string | undefined,
): Promise<GrowthLimits> => {
  const className = claim?.spec?.storageClassName;
  const expandable = className === undefined ? undefined : await storageClasses.expandable(className);
  return { className, expandable, refusal };
};

const takeStep = async (
  dependencies: JournalVolumesDependencies,
  refusals: Refusals,
  revenprox: RevenProx,
): Promise<JournalVolumes> => {
  const { uid } = revenprox.metadata;
  const wanted = wantedSize(revenprox);
  const live = await readClaims(dependencies.client, revenprox);
  const present = live.filter((claim) => claim !== undefined);
  const limits = await limitsOf(dependencies, present[0], refusals.of(uid));
  const claims = live.map(claimOf);
  const step = nextGrowth(wanted, claims, limits);
  if (step.kind !== "expand") return told(step);
  const names = step.claims.map(({ name }) => name);
  const small = present.filter(({ metadata }) => names.includes(metadata.name));
  const refusal = await expandAll(dependencies, small, wanted);
  if (refusal === undefined) return told(step);
  refusals.note(uid, refusal);
  return told(nextGrowth(wanted, claims, { ...limits, refusal }));
};

const told = (step: GrowthStep): JournalVolumes => {
  switch (step.kind) {
    case "grown":
      return { grown: true, waitingFor: "each server is restarted with it" };
    case "blocked":
      return { grown: false, blocked: step.why };
    case "wait":
      return { grown: false, waitingFor: step.why };
    case "expand":
      return { grown: false, waitingFor: "the volumes are being enlarged" };
  }
};

export const createJournalVolumes = (dependencies: JournalVolumesDependencies): JournalVolumeClaims => {
  const { client, store, now } = dependencies;
  const refusals = createRefusals(now);
  return {
    grow: async (revenprox) => {
      if (revenprox.spec.nats?.external !== undefined) return undefined;
      const statefulSet = statefulSetOf(store, revenprox);
      if (statefulSet === undefined) return keptVolumes(client, revenprox);
      const size = claimedSize(statefulSet);
      if (size === undefined || quantityBytes(size) >= quantityBytes(wantedSize(revenprox))) return undefined;
      try {
        return await takeStep(dependencies, refusals, revenprox);
      } catch (error) {
        if (isStatus(error, 403)) return { grown: false, blocked: mayNotRead };
        throw error;
      }
    },
    replaceStatefulSet: async (revenprox) => {
      const statefulSet = statefulSetOf(store, revenprox);
      if (statefulSet === undefined || !isCalm(statefulSet, store.ownedBy(statefulSet.metadata.uid ?? "")))
        return false;
      const { namespace, name, uid } = statefulSet.metadata;
      // Pods go on with their volumes, and the StatefulSet that is made next takes both over by their names.
      const body = { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid }, propagationPolicy: "Orphan" };
      try {
        await client.request({ method: "DELETE", path: pathOf(statefulSetKind, namespace, name), body });
        return true;
      } catch (error) {
        if (isStatus(error, 404) || isStatus(error, 409)) return false;
        throw error;
      }
    },
  };
};

/**
 * All its pods are there, ready and of its present revision. What its controller counts lags behind: right after a
 * restart it still counts the pod that went, and without a StatefulSet nobody would make that one anew.
 */
const isCalm = ({ metadata, spec, status }: StatefulSet, owned: readonly LiveObject[]): boolean => {
  const pods = owned.filter(({ kind }) => kind === podKind.kind);
  const replicas = spec?.replicas ?? 1;
  return (
    metadata.deletionTimestamp === undefined &&
    (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    status?.readyReplicas === replicas &&
    pods.length === replicas &&
    pods.every((pod) => isReadyPod(pod) && pod.metadata.labels?.["controller-revision-hash"] === status.updateRevision)
  );
};
