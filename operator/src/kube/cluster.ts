import { randomBytes } from "node:crypto";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { SecretsToCreate } from "../reconcile/ports.ts";
import type { Cluster } from "../reconcile/reconcile.ts";
import type { Rollout } from "../rollout/rollout.ts";
import type { ScalingOutside } from "../scaling/scaler.ts";
import { applyObject } from "./apply.ts";
import type { KubeClient } from "./client.ts";
import type { Discovery } from "./discovery.ts";
import { createDriftMemory } from "./drift-memory.ts";
import type { EventRecorder } from "./events.ts";
import { evict } from "./evict.ts";
import { createJournalVolumes } from "./journal-volumes.ts";
import { optionalKinds, podKind, revenproxKind } from "./kinds.ts";
import { ensureCertificates } from "./nats-certificates.ts";
import type { NatsServers } from "./nats-servers.ts";
import type { LiveObject } from "./object.ts";
import { patchStatus } from "./patch-status.ts";
import { podsBelow } from "./pod.ts";
import type { ReadPrometheuses } from "./prometheuses.ts";
import { prune } from "./prune.ts";
import { rehearse } from "./rehearsal.ts";
import { createSaidStatus } from "./said-status.ts";
import type { Secrets } from "./secrets.ts";
import type { ServedSchema } from "./served-schema.ts";
import type { StorageClasses } from "./storage-class.ts";
import type { ObjectStore } from "./store.ts";
import type { ReadWorkload } from "./workload.ts";

export interface ClusterParts {
  readonly client: KubeClient;
  readonly store: ObjectStore;
  readonly discovery: Discovery;
  readonly servedSchema: Pick<ServedSchema, "skew">;
  readonly secrets: Secrets;
  readonly storageClasses: StorageClasses;
  readonly readPrometheuses: ReadPrometheuses;
  readonly readWorkload: ReadWorkload;
  readonly rollout: Rollout;
  readonly natsServers: NatsServers;
  readonly scaling: ScalingOutside;
  readonly record: EventRecorder;
  readonly secretsToCreate: SecretsToCreate;
  /** For the dates of certificates. */
  readonly clock: () => Date;
  readonly manager: string;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
}

/** The resource as the API server validated it. */
const asRevenProx = (object: LiveObject): RevenProx => object as unknown as RevenProx;

const randomText = (bytes: number): string => randomBytes(bytes).toString("base64url");

const unknownStorageClass = async (classes: StorageClasses, { spec }: RevenProx): Promise<string | undefined> => {
  const wanted = spec.nats?.managed?.storage?.className;
  return wanted === undefined || (await classes.exists(wanted)) !== false ? undefined : wanted;
};

/** The real cluster behind the loop's port. */
export const createCluster = (parts: ClusterParts): Cluster => {
  const { store, discovery, secrets } = parts;
  const said = createSaidStatus();
  const dependencies = { ...parts, said, drift: createDriftMemory() };
  const cluster: Cluster = {
    read: (key) => {
      const [namespace = "", name = ""] = key.split("/");
      const object = store.get(revenproxKind, namespace, name);
      if (object !== undefined) return said.whole(asRevenProx(object));
      said.forget(key);
      return undefined;
    },
    ensureSecrets: async (revenprox) => [
      ...(await secrets.ensure(revenprox, parts.secretsToCreate(revenprox, randomText))),
      ...(await ensureCertificates(parts, revenprox)),
    ],
    facts: async (revenprox) => ({
      monitoring: discovery.served,
      prometheuses: discovery.served.serviceMonitor ? await parts.readPrometheuses() : undefined,
      gateway: discovery.served,
      keda: discovery.served,
      defaultStorageClass: await parts.storageClasses.defaultName(),
      unknownStorageClass: await unknownStorageClass(parts.storageClasses, revenprox),
      schema: parts.servedSchema.skew,
      secrets: await secrets.facts(revenprox),
    }),
    children: ({ metadata }) => store.ownedBy(metadata.uid),
    apply: async (revenprox, object) => {
      const outcome = await applyObject(dependencies, revenprox, object);
      // Its CRD may have gone since the last look.
      const optional = Object.values(optionalKinds).some(({ kind }) => kind === object.kind);
      if (outcome.kind === "failed" && optional) discovery.check();
      return outcome;
    },
    prune: (revenprox, desired) => prune(dependencies, revenprox, desired),
    observe: ({ metadata }) => ({
      objects: store.ownedBy(metadata.uid).filter(({ kind }) => kind !== podKind.kind),
      pods: podsBelow(store, metadata.uid),
    }),
    scaling: parts.scaling,
    workload: (revenprox) => parts.readWorkload(revenprox, podsBelow(store, revenprox.metadata.uid)),
    nats: {
      ...parts.natsServers,
      evict: ({ metadata: { namespace } }, { name, uid }) => evict(parts.client, { namespace, name, uid }),
    },
    journalVolumes: createJournalVolumes(parts),
    rollout: parts.rollout,
    rehearse: () => rehearse({ ...dependencies, random: randomText }, cluster),
    patchStatus: (revenprox, status, condition) => patchStatus(dependencies, revenprox, status, condition),
    evict: ({ metadata: { namespace } }, { name, uid }) => evict(parts.client, { namespace, name, uid }),
    record: parts.record,
  };
  return cluster;
};
