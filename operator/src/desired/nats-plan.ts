import type { RevenProxSpec } from "@revenprox/contract/resource/spec";
import type { KubernetesObject } from "../reconcile/ports.ts";
import { quantityBytes } from "./quantity.ts";

/** Where a managed NATS server keeps its journal; a claim without `className` takes the cluster's default class. */
export type JournalVolume = { readonly kind: "claim"; readonly className?: string } | { readonly kind: "empty-dir" };

export interface ManagedNats {
  readonly kind: "managed";
  readonly replicas: number;
  /** Size of each server's volume as the resource says it, and in bytes. */
  readonly size: string;
  readonly sizeBytes: number;
  readonly volume: JournalVolume;
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
}

const defaultManaged = { replicas: 1, storage: { size: "2Gi" } } as const;

const hasClaims = (statefulSet: KubernetesObject): boolean => {
  const spec = statefulSet["spec"] as { volumeClaimTemplates?: readonly unknown[] } | undefined;
  return (spec?.volumeClaimTemplates ?? []).length > 0;
};

const journalVolume = (className: string | undefined, facts: NatsPlanFacts): JournalVolume => {
  const claimed =
    facts.statefulSet === undefined
      ? className !== undefined || facts.defaultStorageClass !== undefined
      : hasClaims(facts.statefulSet);
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
  const { size } = storage;
  return { kind: "managed", replicas, size, sizeBytes: quantityBytes(size), volume: journalVolume(className, facts) };
};
