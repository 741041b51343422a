import type { StoredEvent } from "../hub/ports.ts";
import type { BatchEnd, DirectGet } from "./direct-get.ts";
import { batchServerHeaders, type JournalHeaders } from "./raw-headers.ts";

export type ToStored = (headers: JournalHeaders, data: Uint8Array, expectedServerHeaders: number) => StoredEvent;

export interface BatchSource {
  readonly reader: Pick<DirectGet, "get">;
  /** The journal's own stream. */
  readonly stream: string;
  readonly toStored: ToStored;
}

export interface BatchRange {
  readonly subject: string;
  /** The cursor: its own entry is no event of the batch. */
  readonly after: number;
  /** First sequence that is asked for; the cursor's own where it is to be seen whether that entry is still there. */
  readonly from: number;
  /** Most entries of the batch. */
  readonly events: number;
}

/** Stored messages as they came. */
export interface Batch {
  readonly events: readonly StoredEvent[];
  /** The entry at the cursor itself is still there, so nothing after it can have been removed. */
  readonly cursorThere: boolean;
  /** Everything came from the journal's own stream. */
  readonly own: boolean;
  readonly end: BatchEnd;
}

const batchBytes = 1_048_576;
/** An answer is waited for at least so long, and longer where answers take longer at present. */
const leastMs = 500;

/** Rejects with `JournalUnavailable`. */
export const readBatch = async ({ reader, stream, toStored }: BatchSource, range: BatchRange): Promise<Batch> => {
  const events: StoredEvent[] = [];
  let cursorThere = false;
  let own = true;
  const request = { seq: range.from, next_by_subj: range.subject, batch: range.events, max_bytes: batchBytes };
  const end = await reader.get(request, leastMs, (headers, data) => {
    own &&= headers.stream === stream;
    if (headers.sequence === range.after) cursorThere = true;
    else events.push(toStored(headers, data, batchServerHeaders));
  });
  return { events, cursorThere, own, end };
};
