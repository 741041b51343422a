import type { SchemaSkew } from "@revenprox/contract/resource/field-paths";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { RevenProxStatus, RolloutStatus } from "@revenprox/contract/resource/status";
import type { HealingLook } from "../healing/healer.ts";
import type { Prometheus } from "../monitoring/pick-up.ts";
import type { NatsServer } from "../nats/nats-server.ts";
import type { RecordedWrite } from "../plan/recorded-write.ts";
import type { Scaling } from "../scaling/scaler.ts";

/** `metadata` as far as the operator reads or writes it. */
export interface ObjectMeta {
  readonly name: string;
  /** Absent on cluster-wide objects only. */
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** Any object of the Kubernetes API as plain JSON. `managedFields` are stripped on arrival. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/**
 * An object as `desired()` wants it: exactly the fields that the operator owns, with name, namespace and labels;
 * the runtime adds the owner reference. No field may be `undefined`, and lists are in their final order.
 */
export type DesiredObject = KubernetesObject;

/** Which object a message or outcome speaks of. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

/** What holds for every RevenProx of this operator. */
export interface OperatorSettings {
  readonly proxyImage: string;
  readonly natsImage: string;
  /** Namespace of the operator's own pods; absent: it is not known, since they run outside. */
  readonly namespace?: string;
  /** Base of `runbook_url` where the resource gives none. */
  readonly runbookBaseUrl: string;
}

/** A Secret as far as others need to know it: never a value. */
export interface SecretFact {
  readonly exists: boolean;
  /** Changes when the values change; for an annotation that rolls pods. Absent when the Secret is, or lacks some. */
  readonly revision?: string;
  /** Keys of a generated Secret that somebody has taken away or emptied; absent: none. */
  readonly lacks?: readonly string[];
}

/** A Secret that the spec names and that is absent, or lacks `keys`. */
export interface MissingSecret {
  /** Where the spec names it. */
  readonly field: string;
  readonly name: string;
  readonly exists: boolean;
  /** What it lacks, or must have; empty: any. */
  readonly keys: readonly string[];
}

/** An entry of the Secret of publish keys, as proxies take it; never its content. */
export interface PublishKeyEntry {
  readonly id: string;
  /** Why proxies pass it over. */
  readonly fault?: string;
  /** Milliseconds since 1970; absent: never. */
  readonly expires?: number;
}

/** How far the proxies are on the way to their number and their template: what the Deployment is told now. */
export interface RolloutFacts {
  readonly replicas: number;
  /** Whether the Deployment's own roll-out waits, since pods drain. */
  readonly paused: boolean;
  /** What is told of streams that move, or moved last; absent: what was told before stays. */
  readonly status?: RolloutStatus;
  /** Seconds until the next step is due; absent: when something changes. */
  readonly revisitSec?: number;
  /** What could not be done. */
  readonly outcomes: readonly ApplyOutcome[];
}

/** How far the volumes of managed NATS are on the way to the size of the spec. */
export interface JournalVolumes {
  /** Every file system has it: servers may be restarted with it, and then the StatefulSet made anew with it. */
  readonly grown: boolean;
  /** Size of volumes that are there while no StatefulSet is: one that is being made anew. */
  readonly kept?: string;
  readonly waitingFor?: string;
  /** Why it goes no further by itself. */
  readonly blocked?: string;
}

/** What the cluster offers, read before `desired()`. */
export interface ClusterFacts {
  /** Whether the API server serves these kinds of monitoring.coreos.com/v1. */
  readonly monitoring: { readonly serviceMonitor: boolean; readonly prometheusRule: boolean };
  /** Those of the Prometheus Operator; absent: not known. */
  readonly prometheuses?: readonly Prometheus[] | undefined;
  /** Whether it serves HTTPRoutes of gateway.networking.k8s.io/v1. */
  readonly gateway: { readonly httpRoute: boolean };
  /** Whether it serves ScaledObjects of keda.sh/v1alpha1. */
  readonly keda: { readonly scaledObject: boolean };
  /** Name of the default StorageClass; undefined when there is none or it may not be read. */
  readonly defaultStorageClass: string | undefined;
  /** Name of the class that the spec asks for where the cluster has none of this name. */
  readonly unknownStorageClass?: string | undefined;
  /** How the CRD that is served differs from this operator's; absent: not known yet. */
  readonly schema?: SchemaSkew | undefined;
  /** Absent: the volumes of managed NATS have the size of the spec, or there are none. */
  readonly journalVolumes?: JournalVolumes;
  /** Absent: the number of the spec, at once. */
  readonly rollout?: RolloutFacts;
  readonly secrets: {
    /** The generated one. */
    readonly publishKey: SecretFact;
    /** Of the generated one or the user's; absent: there is no such Secret. */
    readonly publishKeys?: readonly PublishKeyEntry[] | undefined;
    readonly managementTokens: SecretFact;
    readonly natsUsers: SecretFact;
    /** The generated certificates of managed NATS; undefined without its TLS. */
    readonly natsTls: { readonly authority: SecretFact; readonly server: SecretFact } | undefined;
    /** `spec.nats.external.credentialsSecret`, its revision that of the user name; undefined when the resource names none. */
    readonly natsCredentials: SecretFact | undefined;
    /** Secrets of the user's that proxies cannot start without, as far as they cannot. */
    readonly missing: readonly MissingSecret[];
  };
}

export interface DesiredInput {
  readonly revenprox: RevenProx;
  /** Proxies that are to run in the end, by `spec.replicas` or who scales by load; absent: `spec.replicas`. */
  readonly replicas?: number;
  readonly settings: OperatorSettings;
  readonly facts: ClusterFacts;
  /** Live children of this RevenProx, for choices that cannot change once made (the volume of a StatefulSet). */
  readonly current: readonly KubernetesObject[];
  /** Workloads of `current` with just the fields that were applied last, where nobody has touched those since. */
  readonly applied?: readonly KubernetesObject[];
}

/** Every object that is to exist for a RevenProx, in the order of writing. Pure. */
export type Desired = (input: DesiredInput) => readonly DesiredObject[];

/** A Secret that is made when it is absent; all but the certificates are never written again. */
export interface SecretSpec {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Plain text by key. */
  readonly stringData: Readonly<Record<string, string>>;
}

/** Generated Secrets of a RevenProx; `random(n)` gives n random bytes as base64url. Pure otherwise. */
export type SecretsToCreate = (revenprox: RevenProx, random: (bytes: number) => string) => readonly SecretSpec[];

/** What became of one desired object (or generated Secret) in this pass. */
export type ApplyOutcome =
  | { readonly kind: "unchanged" | "created" | "changed"; readonly ref: ObjectRef }
  /** In plan mode: what a dry run would have done. */
  | { readonly kind: "planned"; readonly ref: ObjectRef; readonly action: "Create" | "Change" | "Delete" }
  /** A generated Secret that exists got other values; `news` says which, in sentences. */
  | { readonly kind: "renewed"; readonly ref: ObjectRef; readonly news: string }
  /** Another manager had changed `fields` (dotted paths); they were put back. */
  | {
      readonly kind: "drift-corrected";
      readonly ref: ObjectRef;
      readonly manager: string;
      readonly fields: readonly string[];
    }
  /** An object of this name exists and is not ours: nothing was written. `owner` says whose, for a person. */
  | { readonly kind: "name-conflict"; readonly ref: ObjectRef; readonly owner: string }
  /** `manager` has changed the same field three times in ten minutes: the operator stands back for a while. */
  | { readonly kind: "conflict"; readonly ref: ObjectRef; readonly manager: string; readonly fields: readonly string[] }
  /** The API server refuses the object (400, 403, 422): trying again changes nothing until somebody edits something. */
  | {
      readonly kind: "refused";
      readonly ref: ObjectRef;
      readonly status: number;
      readonly reason: string;
      readonly message: string;
    }
  /** The namespace is being deleted, and the RevenProx with it: nothing can be made there, nor need be. */
  | { readonly kind: "namespace-ends"; readonly ref: ObjectRef }
  /** The write failed for now and is tried again. */
  | { readonly kind: "failed"; readonly ref: ObjectRef; readonly message: string };

/** What exists after the writes. */
export interface ObservedChildren {
  /** Live objects controlled by this RevenProx (no Secrets, no pods). */
  readonly objects: readonly KubernetesObject[];
  /** Pods below its Deployment and StatefulSet, with their `status.containerStatuses`. */
  readonly pods: readonly KubernetesObject[];
}

/** Numbers asked from the proxies' management plane. */
export interface Workload {
  readonly connections: number;
  readonly topics: number;
}

export interface StatusInput {
  readonly revenprox: RevenProx;
  readonly settings: OperatorSettings;
  readonly facts: ClusterFacts;
  readonly desired: readonly DesiredObject[];
  readonly observed: ObservedChildren;
  readonly apply: readonly ApplyOutcome[];
  /** Undefined when it is not known this time: the numbers in the old status then stay. */
  readonly workload: Workload | undefined;
  /** In plan mode: what would have been written. */
  readonly planned?: readonly RecordedWrite[] | undefined;
  /** What is to be done about proxies that are cut off; undefined when nobody looked. */
  readonly healing?: HealingLook | undefined;
  /** What managed NATS servers said last, those that answered. */
  readonly natsServers: readonly NatsServer[];
  /** What `spec.autoscaling` decided; undefined without it. */
  readonly scaling?: Scaling | undefined;
  readonly now: Date;
}

/** The whole status; condition times are kept from `revenprox.status` where nothing changed. Pure. */
export type Status = (input: StatusInput) => RevenProxStatus;
