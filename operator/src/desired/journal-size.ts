import type { NatsPlan } from "./nats-plan.ts";

/** Share of a server's volume that the journal may fill; the rest is for NATS' own state and for compaction. */
const journalShare = 0.75;
/** Bounds of `journal.max_bytes` in the contract. */
const leastJournalBytes = 1_048_576;
const mostJournalBytes = 1_099_511_627_776;

/** How many bytes the journal may take; `capped` is what the user asked for where that is more than the volume bears. */
export interface JournalSize {
  /** Absent: the proxy's own default. */
  readonly maxBytes?: number;
  readonly capped?: { readonly wanted: number };
}

/** Largest journal on a volume of `sizeBytes`. */
const volumeLimit = (sizeBytes: number): number =>
  Math.min(mostJournalBytes, Math.max(leastJournalBytes, Math.floor(sizeBytes * journalShare)));

export const journalSize = (nats: NatsPlan, wanted: number | undefined): JournalSize => {
  if (nats.kind === "external") return wanted === undefined ? {} : { maxBytes: wanted };
  const limit = volumeLimit(nats.sizeBytes);
  if (wanted === undefined || wanted === limit) return { maxBytes: limit };
  return wanted < limit ? { maxBytes: wanted } : { maxBytes: limit, capped: { wanted } };
};
