import type { LeaseRecord, SeenLease } from "../leader/election.ts";
import type { LeasePort } from "../leader/elector.ts";
import type { KubeClient, KubeRequest } from "./client.ts";
import { pathOf, type ResourceKind } from "./kinds.ts";
import { isStatus } from "./kube-error.ts";

const leaseKind: ResourceKind = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", plural: "leases" };

export interface LeasePlace {
  readonly namespace: string;
  readonly name: string;
}

interface LeaseObject {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number | null;
    readonly acquireTime?: string | null;
    readonly renewTime?: string | null;
    readonly leaseTransitions?: number | null;
  };
}

/** A Lease that somebody made by hand without a duration is respected for this long. */
const DEFAULT_DURATION_SECONDS = 15;

/** The API server takes a MicroTime with six digits only. */
export const microTime = (time: Date): string => time.toISOString().replace("Z", "000Z");

const seen = (answer: unknown): SeenLease => {
  const { metadata, spec = {} } = answer as LeaseObject;
  const timeOf = (text: string | null | undefined) => new Date(text ?? 0);
  return {
    version: metadata.resourceVersion,
    record: {
      holder: spec.holderIdentity ?? "",
      durationMs: (spec.leaseDurationSeconds ?? DEFAULT_DURATION_SECONDS) * 1_000,
      acquired: timeOf(spec.acquireTime),
      renewed: timeOf(spec.renewTime),
      transitions: spec.leaseTransitions ?? 0,
    },
  };
};

const bodyOf = ({ name, namespace }: LeasePlace, record: LeaseRecord, version: string | undefined) => ({
  apiVersion: leaseKind.apiVersion,
  kind: leaseKind.kind,
  metadata: { name, namespace, ...(version === undefined ? {} : { resourceVersion: version }) },
  spec: {
    holderIdentity: record.holder,
    leaseDurationSeconds: Math.round(record.durationMs / 1_000),
    acquireTime: microTime(record.acquired),
    renewTime: microTime(record.renewed),
    leaseTransitions: record.transitions,
  },
});

/** The Lease behind the elector's port, written whole and only over the version that was seen. */
export const createLeasePort = (client: KubeClient, place: LeasePlace): LeasePort => {
  const path = pathOf(leaseKind, place.namespace, place.name);
  return {
    read: async (signal) => {
      try {
        return seen(await client.request({ method: "GET", path, signal }));
      } catch (error) {
        if (isStatus(error, 404)) return undefined;
        throw error;
      }
    },
    write: async (record, version, signal) => {
      const body = bodyOf(place, record, version);
      const call: KubeRequest =
        version === undefined
          ? { method: "POST", path: pathOf(leaseKind, place.namespace), body, signal }
          : { method: "PUT", path, body, signal };
      try {
        return seen(await client.request(call));
      } catch (error) {
        // 404: it was deleted under us; 409: somebody was faster.
        if (isStatus(error, 409) || isStatus(error, 404)) return undefined;
        throw error;
      }
    },
  };
};
