import type { RevenProxSpec } from "@revenprox/contract/resource/spec";
import type { JournalVolumes, KubernetesObject } from "../reconcile/ports.ts";
import { quantityBytes } from "./quantity.ts";

/** Where a managed NATS server keeps its journal; a claim without `className` takes the cluster's default class. */
export type JournalVolume = { readonly kind: "claim"; readonly className?: string } | { readonly kind: "empty-dir" };

export interface ManagedNats {
  readonly kind: "managed";
  readonly replicas: number;
  /** Size of each server's volume in the template that is, and in bytes: what the journal may count on. */
  readonly size: string;
  readonly sizeBytes: number;
  /** What the spec asks for; more than `size` while volumes grow, or where they cannot. */
  readonly wantedSize: string;
  /** Bytes that a server may count on. Before the journal may, each server has to be restarted with them. */
  readonly storeBytes: number;
  readonly volume: JournalVolume;
  /** Whether the servers take nothing but TLS. */
  readonly tls: boolean;
}

export interface ExternalNats {
  readonly kind: "external";
  readonly servers: readonly string[];
  readonly credentialsSecret?: string;
  readonly caSecret?: string;
  readonly clientSecret?: string;
}

/** The NATS behind an instance, with every choice made. */
export type NatsPlan = ManagedNats | ExternalNats;

/** What the plan depends on besides the spec. */
export interface NatsPlanFacts {
  readonly defaultStorageClass: string | undefined;
  /** The NATS StatefulSet that exists already: its volumes cannot be changed any more. */
  readonly statefulSet: KubernetesObject | undefined;
  readonly journalVolumes?: JournalVolumes | undefined;
}

/** Whether the operator generates the certificates of NATS. */
export const hasGeneratedTls = ({ nats }: RevenProxSpec): boolean =>
  nats?.external === undefined && nats?.managed?.tls?.enabled === true;

const defaultManaged = { replicas: 1, storage: { size: "2Gi" } } as const;

interface StatefulSetSpec {
  readonly volumeClaimTemplates?: readonly {
    readonly spec?: { readonly resources?: { readonly requests?: { readonly storage?: string } } };
  }[];
  readonly template?: {
    readonly spec?: { readonly volumes?: readonly { readonly emptyDir?: { readonly sizeLimit?: string } }[] };
  };
}

const specOf = (statefulSet: KubernetesObject | undefined): StatefulSetSpec =>
  (statefulSet?.["spec"] ?? {}) as StatefulSetSpec;

const claimsOf = (statefulSet: KubernetesObject | undefined) => specOf(statefulSet).volumeClaimTemplates ?? [];

/** Size in the volume claims of a StatefulSet; undefined where it has none. */
export const claimedSize = (statefulSet: KubernetesObject | undefined): string | undefined =>
  claimsOf(statefulSet)[0]?.spec?.resources?.requests?.storage;

/** An emptyDir keeps the size that it began with, too: another one would take a new pod, and so the journal. */
const sizeSoFar = ({ statefulSet, journalVolumes }: NatsPlanFacts, wanted: string): string | undefined => {
  if (statefulSet === undefined) {
    const kept = journalVolumes?.kept;
    // A driver may have given more than was asked for.
    return kept !== undefined && quantityBytes(kept) < quantityBytes(wanted) ? kept : undefined;
  }
  const limit = specOf(statefulSet).template?.spec?.volumes?.flatMap(({ emptyDir }) => emptyDir?.sizeLimit ?? [])[0];
  return claimedSize(statefulSet) ?? limit;
};

/** The server gives quantities back in another form: as the spec writes it where it is as much. */
const sizeNow = (wanted: string, facts: NatsPlanFacts): string => {
  const so = sizeSoFar(facts, wanted);
  return so === undefined || quantityBytes(so) === quantityBytes(wanted) ? wanted : so;
};

const journalVolume = (className: string | undefined, facts: NatsPlanFacts): JournalVolume => {
  const claimed =
    facts.statefulSet === undefined
      ? className !== undefined || facts.defaultStorageClass !== undefined || facts.journalVolumes?.kept !== undefined
      : claimsOf(facts.statefulSet).length > 0;
  if (!claimed) return { kind: "empty-dir" };
  return className === undefined ? { kind: "claim" } : { kind: "claim", className };
};

export const natsPlan = (spec: RevenProxSpec, facts: NatsPlanFacts): NatsPlan => {
  const external = spec.nats?.external;
  if (external !== undefined) {
    const { servers, credentialsSecret, tls: { caSecret, clientSecret } = {} } = external;
    return {
      kind: "external",
      servers,
      ...(credentialsSecret === undefined ? {} : { credentialsSecret }),
      ...(caSecret === undefined ? {} : { caSecret }),
      ...(clientSecret === undefined ? {} : { clientSecret }),
    };
  }
  const { replicas, storage } = spec.nats?.managed ?? defaultManaged;
  const className = "className" in storage ? storage.className : undefined;
  const size = sizeNow(storage.size, facts);
  const sizeBytes = quantityBytes(size);
  return {
    kind: "managed",
    replicas,
    size,
    sizeBytes,
    wantedSize: storage.size,
    storeBytes: facts.journalVolumes?.grown === true ? quantityBytes(storage.size) : sizeBytes,
    volume: journalVolume(className, facts),
    tls: hasGeneratedTls(spec),
  };
};
