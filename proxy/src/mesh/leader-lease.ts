import type { StreamInfo } from "@nats-io/jetstream";

/** Other servers elect another leader 4 s after its last word at the soonest (nats-server, minElectionTimeout); a second less for delays. */
const leaseMs = 3_000;
const nanosPerMs = 1_000_000;

/**
 * Whether the server that says this still led the stream when it said so: it heard of most of the others so lately that
 * these cannot have elected another. One that was cut off believes in itself for 10 s, and answers from its old copy.
 */
export const leadsStill = ({ cluster }: Pick<StreamInfo, "cluster">): boolean => {
  const others = cluster?.replicas ?? [];
  const heard = others.filter(({ active }) => active < leaseMs * nanosPerMs).length;
  return (heard + 1) * 2 > others.length + 1;
};
