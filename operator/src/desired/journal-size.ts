import type { NatsPlan } from "./nats-plan.ts";

/**
 * Share of a server's volume that the journal may fill; the rest is for NATS' own state and for compaction.
 * A replay mirror takes as much again, on a server that NATS chooses.
 */
const journalShare = { alone: 0.75, mirrored: 0.4 } as const;
/** Bounds of `journal.max_bytes` in the contract. */
const leastJournalBytes = 1_048_576;
const mostJournalBytes = 1_099_511_627_776;

/** How many bytes the journal may take; `capped` is what the user asked for where that is more than the volume bears. */
export interface JournalSize {
  /** Absent: the proxy's own default. */
  readonly maxBytes?: number;
  readonly capped?: { readonly wanted: number };
}

/** What the user says about it, as far as anything is said. */
export interface WantedJournal {
  readonly enabled?: boolean | undefined;
  readonly maxBytes?: number | undefined;
  readonly replayMirror?: boolean | undefined;
}

/** Largest journal on a volume of `sizeBytes`. */
const volumeLimit = (sizeBytes: number, mirrored: boolean): number => {
  const share = mirrored ? journalShare.mirrored : journalShare.alone;
  return Math.min(mostJournalBytes, Math.max(leastJournalBytes, Math.floor(sizeBytes * share)));
};

export const journalSize = (nats: NatsPlan, { maxBytes: wanted, replayMirror = true }: WantedJournal): JournalSize => {
  if (nats.kind === "external") return wanted === undefined ? {} : { maxBytes: wanted };
  const limit = volumeLimit(nats.sizeBytes, replayMirror);
  if (wanted === undefined || wanted === limit) return { maxBytes: limit };
  return wanted < limit ? { maxBytes: wanted } : { maxBytes: limit, capped: { wanted } };
};
