import { journalStream, natsSubjects } from "@revenprox/contract/nats-subjects";
import type { TopicId } from "../hub/event.ts";
import { type JournalPage, JournalUnavailable, type StoredEvent } from "../hub/ports.ts";
import type { DirectGet } from "./direct-get.ts";
import type { JournalLeader } from "./journal-leader.ts";
import type { JournalPosition } from "./journal-position.ts";
import { type Batch, type BatchRange, readBatch, type ToStored } from "./replay-batch.ts";
import type { ReplayMirror } from "./replay-mirror.ts";
import { createTurnstile } from "./turnstile.ts";

type Reader = Pick<DirectGet, "get" | "connected">;

export interface ReplayReaderDeps {
  /** Answered by any server of the journal's stream, and by its mirror too where there is one. */
  readonly direct: Reader;
  readonly mirrored: Reader;
  readonly mirror: Pick<ReplayMirror, "usable" | "mayAnswer" | "rest">;
  readonly leader: Pick<JournalLeader, "firstFrom" | "facts">;
  readonly instance: string;
  /** The limit the stream really has. */
  readonly maxEventsPerTopic: () => number;
  /** Whether a copy of the journal that has reached `known` has nothing of the subject after `last`. */
  readonly hasNothingAfter: (subject: string, last: number, known: number) => Promise<boolean>;
  /** One server holds the journal, so that no other copy of the stream can answer. */
  readonly singleCopy: () => boolean;
  readonly position: JournalPosition;
  readonly toStored: ToStored;
}

/** Replays of a stream and its live messages leave NATS through one queue: small pages of the journal, few at once. */
const journalReads = { events: 100, atOnce: 4 } as const;
const mirrorReads = { events: 250, atOnce: 16 } as const;
const tries = 3;
/** So little can have been stored after the cursor that the mirror saves nothing, and may not have it yet. */
const recentEntries = 100;

interface Page {
  readonly events: readonly StoredEvent[];
  readonly missed: boolean;
  /** Whoever answered has no more. */
  readonly atEnd: boolean;
  /** The topic has no entry after the cursor and up to here. */
  readonly nothingTo: number;
}

/** Batches of the journal. Another server may answer the next try. */
const fromJournalBatches = ({ direct, instance, toStored }: ReplayReaderDeps) => {
  const turns = createTurnstile(journalReads.atOnce);
  return async (range: BatchRange): Promise<Batch> => {
    for (let left = tries; ; left -= 1) {
      try {
        return await turns(() => readBatch({ reader: direct, stream: journalStream(instance), toStored }, range));
      } catch (fault) {
        if (!(fault instanceof JournalUnavailable) || left <= 1 || !direct.connected) throw fault;
      }
    }
  };
};

/** Batches of the mirror; undefined when it does not answer, and then it is let alone for a while. */
const fromMirrorBatches = ({ mirrored, mirror, instance, toStored }: ReplayReaderDeps) => {
  const turns = createTurnstile(mirrorReads.atOnce);
  return async (range: BatchRange): Promise<Batch | undefined> => {
    try {
      return await turns(() => readBatch({ reader: mirrored, stream: journalStream(instance), toStored }, range));
    } catch (fault) {
      if (!(fault instanceof JournalUnavailable)) throw fault;
      if (mirrored.connected) mirror.rest();
      return undefined;
    }
  };
};

/** Pages of a topic's past, from the mirror where it can be proven right, else from the journal. */
export const createReplayReader = (deps: ReplayReaderDeps) => {
  const { mirror, leader, position } = deps;
  const subjects = natsSubjects(deps.instance);
  const journalBatch = fromJournalBatches(deps);
  const mirrorBatch = fromMirrorBatches(deps);

  /**
   * A page of the mirror is right when the journal's leader still has an entry of the topic at or before the cursor:
   * entries go oldest first, so it has all after it, and the mirror skips only what is gone before it was copied.
   */
  const fromMirror = async (subject: string, after: number): Promise<Page | undefined> => {
    if (!mirror.usable || position.highest - after <= recentEntries) return undefined;
    const batch = await mirrorBatch({ subject, after, from: after + 1, events: mirrorReads.events });
    if (batch === undefined || batch.events.length === 0) return undefined;
    const first = await leader.firstFrom(subject, 1);
    if (first === undefined || first > after) return undefined;
    return { events: batch.events, missed: false, atEnd: batch.end.pending === 0, nothingTo: after };
  };

  /** Begins at the cursor itself: an entry that is still there proves that none after it is gone, and saves asking. */
  const fromJournal = async (subject: string, after: number): Promise<Page> => {
    let batch = await journalBatch({ subject, after, from: Math.max(1, after), events: journalReads.events });
    // A large entry at the cursor can fill a batch alone.
    if (batch.cursorThere && batch.events.length === 0 && batch.end.pending > 0) {
      const { own } = batch;
      const rest = await journalBatch({ subject, after, from: after + 1, events: journalReads.events });
      batch = { ...rest, own: own && rest.own, cursorThere: true };
    }
    const atEnd = batch.end.empty || batch.end.pending === 0;
    const page = { events: batch.events, missed: false, atEnd, nothingTo: after };
    if (batch.own && batch.cursorThere) return page;
    const first = await leader.firstFrom(subject, 1);
    if (first !== undefined && first <= after) return page;
    return { ...page, ...sound(batch, first), missed: await missed(subject, after) };
  };

  /**
   * The mirror may still have entries that the journal removed, without some that it removed after them: only a page
   * from the journal's first one on is whole.
   */
  const sound = ({ events, own }: Batch, first: number | undefined): Partial<Page> => {
    if (own) return {};
    const there = events.filter(({ sequence }) => first !== undefined && sequence >= first);
    if (first === undefined || there[0]?.sequence === first) return { events: there };
    return { events: [], atEnd: false, nothingTo: first - 1 };
  };

  /** A full topic may have lost entries between the cursor and the oldest one that is left. */
  const missed = async (subject: string, after: number): Promise<boolean> => {
    const { events, firstSequence } = await leader.facts(subject);
    return events >= deps.maxEventsPerTopic() || firstSequence > after + 1;
  };

  const endIsSure = async (subject: string, last: number, known: number): Promise<boolean> =>
    (deps.singleCopy() && !mirror.mayAnswer) || (await deps.hasNothingAfter(subject, last, known));

  return async (topicId: TopicId, after: number): Promise<JournalPage> => {
    const subject = subjects.in(topicId);
    const known = position.highest;
    const page = (await fromMirror(subject, after)) ?? (await fromJournal(subject, after));
    const { events, missed: gone, atEnd, nothingTo } = page;
    const last = events.at(-1)?.sequence ?? nothingTo;
    const end = atEnd && (await endIsSure(subject, last, known));
    return { events, missed: gone, completeTo: end ? Math.max(last, known) : last, end };
  };
};
