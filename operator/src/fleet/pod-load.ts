/** What a proxy says of itself on `GET /api/v1/load` of its management plane. */
export interface PodFigures {
  /** Open streams. */
  readonly streams: number;
  /** Streams that it accepts. */
  readonly limit: number;
  /** Topics with at least one stream there. */
  readonly topics: number;
  /** Ends its streams at a pace and takes no new ones. */
  readonly draining: boolean;
  /** What is amiss, in words; empty when all is well. */
  readonly degraded: readonly string[];
  /** Whether it reaches the journal now. */
  readonly natsConnected: boolean;
  /** Of the breaker before the verifier; `none` without a verifier, undefined from a build that does not tell. */
  readonly breaker: "closed" | "open" | "none" | undefined;
  /** Streams that it ended since its start so that their clients go elsewhere, at shutdown or when asked to shed. */
  readonly moved: number;
  /** Of those that it was asked to shed, how many are still to end. */
  readonly shedding: number;
}

/** A proxy pod below a RevenProx as the API server and the pod itself tell it. */
export interface PodLoad {
  readonly pod: string;
  readonly uid: string;
  /** Uid of the ReplicaSet that controls it. */
  readonly owner: string;
  /** Ready as the kubelet sees it, and not about to go. */
  readonly ready: boolean;
  /** Deleted: it drains until the time given, in milliseconds since 1970. Undefined while it is to stay. */
  readonly goneBy: number | undefined;
  /** Undefined when it did not answer in time. */
  readonly figures: PodFigures | undefined;
}

/** Streams on the pods whose figures are known. */
export const streamsOf = (loads: readonly PodLoad[]): number =>
  loads.reduce((sum, { figures }) => sum + (figures?.streams ?? 0), 0);
