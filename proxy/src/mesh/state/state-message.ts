import type { BucketDigests } from "./bucket-digest.ts";
import type { TopicCount } from "./topic-table.ts";

/** Of this build. 1 = presence and census only (0.1). Later ones must keep what is here. */
export const protocolVersion = 2;

/** What a proxy says of its topics: `version` counts its changes, so that old and new can be told apart. */
export interface TopicDigest {
  readonly version: number;
  readonly digests: BucketDigests;
}

/** What a proxy says of itself, at each interval and when somebody new is there. */
export interface Heartbeat {
  readonly kind: "heartbeat";
  readonly proxyId: string;
  /** When the process started, in milliseconds of its clock, or higher: a restarted proxy is another peer. */
  readonly epoch: number;
  /** Version of the protocol that its sender speaks. */
  readonly protocol: number;
  readonly build: string;
  readonly topics: number;
  readonly connections: number;
  /** The last word of a proxy that shuts down. */
  readonly bye: boolean;
  /** Absent from builds of protocol 1. */
  readonly process?: ProcessMark | undefined;
  /** Absent from builds of protocol 1, or where the digests are of a form that this build does not know. */
  readonly state?: TopicDigest | undefined;
}

/** Tells processes of one proxy id apart, and the heartbeats of one process. */
export interface ProcessMark {
  /** Random name of the process; other proxies write to it under it. 16 hex digits. */
  readonly life: string;
  /** Number of the heartbeat within the process. */
  readonly seq: number;
}

/** The changes of a proxy after its version `from`, one version each, in order. */
export interface Delta {
  readonly kind: "delta";
  readonly life: string;
  readonly from: number;
  readonly changes: readonly TopicCount[];
}

/** Asks one proxy for what it has in these buckets. */
export interface Want {
  readonly kind: "want";
  /** Process that asks. */
  readonly life: string;
  readonly buckets: readonly number[];
}

/** Everything in some buckets of a proxy as of its version; `topics` is absent where there are too many for a message. */
export interface Snapshot {
  readonly kind: "snapshot";
  readonly life: string;
  readonly version: number;
  readonly buckets: readonly { readonly bucket: number; readonly topics?: readonly TopicCount[] | undefined }[];
}

/** Tells a process that its proxy id is known with this epoch, so that it must take a higher one to be heard. */
export interface Outdated {
  readonly kind: "outdated";
  readonly epoch: number;
}

export type StateMessage = Heartbeat | Delta | Want | Snapshot | Outdated;

/** A message and the process it is for; to all where there is none. */
export interface Outgoing {
  readonly to?: string;
  readonly message: StateMessage;
}
