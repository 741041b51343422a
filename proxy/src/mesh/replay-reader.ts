import { natsSubjects } from "@revenprox/contract/nats-subjects";
import type { TopicId } from "../hub/event.ts";
import { type JournalPage, JournalUnavailable, type StoredEvent } from "../hub/ports.ts";
import type { BatchEnd, DirectGet } from "./direct-get.ts";
import type { JournalPosition } from "./journal-position.ts";
import { batchServerHeaders, type JournalHeaders } from "./raw-headers.ts";
import { createTurnstile } from "./turnstile.ts";

export interface ReplayReaderDeps {
  readonly direct: Pick<DirectGet, "get" | "connected">;
  readonly instance: string;
  /** The limit the stream really has. */
  readonly maxEventsPerTopic: () => number;
  readonly position: JournalPosition;
  readonly toStored: (headers: JournalHeaders, data: Uint8Array, expectedServerHeaders: number) => StoredEvent;
  /** Lowest sequence the stream holds, asked for after the call. */
  readonly firstSequence: () => Promise<number>;
  /** True when the stream's leader has no entry of the subject from `sequence` on; asked where servers may lag. */
  readonly endIsSure: (subject: string, sequence: number) => Promise<boolean>;
}

/** Replays of a stream and its live messages leave NATS through one queue: small pages, few at once. */
const pageEvents = 100;
const pageBytes = 1_048_576;
const readersAtOnce = 4;
const timeoutMs = 500;
const tries = 3;

interface Page {
  readonly events: StoredEvent[];
  /** Entries of the topic from the asked sequence on, as of the first message. */
  readonly available: number;
  /** The entry at the cursor itself is still there, so nothing after it can have been removed. */
  readonly cursorThere: boolean;
  readonly end: BatchEnd;
}

/** Pages of a topic's past by batch direct get, which any server of the stream answers. */
export const createReplayReader = (deps: ReplayReaderDeps) => {
  const turnstile = createTurnstile(readersAtOnce);
  const subjects = natsSubjects(deps.instance);

  /** Begins at the cursor itself: an entry that is still there proves that none after it is gone, and saves asking. */
  const fetchOnce = async (topicId: TopicId, after: number, from: number): Promise<Page> => {
    const events: StoredEvent[] = [];
    let available = 0;
    let cursorThere = false;
    const request = {
      seq: from,
      next_by_subj: subjects.in(topicId),
      batch: pageEvents,
      max_bytes: pageBytes,
    };
    const end = await deps.direct.get(request, timeoutMs, (headers, data) => {
      if (headers.sequence === after) {
        cursorThere = true;
        return;
      }
      if (events.length === 0) available = headers.pending + 1;
      events.push(deps.toStored(headers, data, batchServerHeaders));
    });
    return { events, available, cursorThere, end };
  };

  /** Another server may answer the next try. */
  const fetchFrom = async (topicId: TopicId, after: number, from: number): Promise<Page> => {
    for (let left = tries; ; left -= 1) {
      try {
        return await fetchOnce(topicId, after, from);
      } catch (fault) {
        if (!(fault instanceof JournalUnavailable) || left <= 1 || !deps.direct.connected) throw fault;
      }
    }
  };

  const fetch = async (topicId: TopicId, after: number): Promise<Page> => {
    const page = await fetchFrom(topicId, after, Math.max(1, after));
    // A large entry at the cursor can fill a page alone.
    if (!page.cursorThere || page.events.length > 0 || page.end.pending === 0) return page;
    return { ...(await fetchFrom(topicId, after, after + 1)), cursorThere: true };
  };

  const missed = async (page: Page, after: number): Promise<boolean> => {
    if (page.cursorThere) return false;
    // A full topic may have lost entries between the cursor and the oldest one that is left.
    if (page.available >= deps.maxEventsPerTopic()) return true;
    return (await deps.firstSequence()) > after + 1;
  };

  const readPage = async (topicId: TopicId, after: number): Promise<JournalPage> => {
    const known = deps.position.highest;
    const page = await fetch(topicId, after);
    const last = page.events.at(-1)?.sequence ?? after;
    const atEnd = page.end.empty || page.end.pending === 0;
    const end = atEnd && (await deps.endIsSure(subjects.in(topicId), last + 1));
    return {
      events: page.events,
      missed: await missed(page, after),
      completeTo: end ? Math.max(last, known) : last,
      end,
    };
  };

  return (topicId: TopicId, after: number): Promise<JournalPage> => turnstile(() => readPage(topicId, after));
};
