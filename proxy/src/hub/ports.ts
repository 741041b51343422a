import type { DropReason, MoveReason, ResumeResult } from "@revenprox/contract/metric-labels";
import type { PublishedEvent, TopicId } from "./event.ts";
import type { Soon } from "./soon.ts";

/** A place in the journal. Sequences count over all topics; they begin anew only with a new epoch (milliseconds). */
export interface Cursor {
  readonly epoch: number;
  readonly sequence: number;
}

/**
 * The epoch of a journal that keeps nothing: its sequences number what this process was told, so its places have no ids
 * and nobody can come back to one.
 */
export const unstoredEpoch = 0;

/** One entry of the journal. `acceptedAt` is in milliseconds of this process's clock. */
export interface StoredEvent {
  readonly sequence: number;
  readonly acceptedAt: number;
  /** Absent: the entry breaks the format. It is skipped, but its sequence counts as passed. */
  readonly event?: PublishedEvent;
}

/** An entry as it is told live. `previous` is the topic's last stored sequence before it; 0 when there is none (any more). */
export interface LiveEvent extends StoredEvent {
  readonly previous: number;
}

/** What became of a publish; all but `stored` and `sent` mean that the publisher must be told 503 (or 413). */
export type PublishOutcome =
  /** `duplicate`: an event with this message id is already there, and the cursor is that one's. */
  | { readonly kind: "stored"; readonly cursor: Cursor; readonly duplicate?: true }
  /** The bus has taken it for those who listen now; it is not kept. */
  | { readonly kind: "sent" }
  | { readonly kind: "unavailable" }
  | { readonly kind: "unknown" }
  | { readonly kind: "busy" }
  | { readonly kind: "too-large"; readonly limit: number };

/** One page of a topic's past, ascending. */
export interface JournalPage {
  readonly events: readonly StoredEvent[];
  /** Entries after the asked cursor may have been removed before they could be read. */
  readonly missed: boolean;
  /** Every entry of the topic up to this sequence is in this page or was in an earlier one. */
  readonly completeTo: number;
  /** No further entry was stored when the page was read. */
  readonly end: boolean;
}

/** Last sequences of topics: `last` 0 = nothing stored. All entries up to `checkedTo` of these topics are accounted for. */
export interface Tails {
  readonly epoch: number;
  readonly checkedTo: number;
  readonly last: ReadonlyMap<TopicId, number>;
}

export interface JournalBounds {
  readonly epoch: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
}

/** A place in a topic's past: before its last so many entries, or before the first one of a time (milliseconds since 1970). */
export type JournalPlace = { readonly last: number } | { readonly since: number };

export interface EpochChange {
  readonly epoch: number;
  /** The sequences begin anew, too; else the entries are the same ones under a new epoch. */
  readonly restarted: boolean;
  /**
   * Of a journal that restarted: entries up to this sequence are those that had it before, and all after it are new, as
   * where an older copy was restored. Absent = 0: all that the journal holds is new. Too high, and new entries are told
   * only as a gap; too low, and entries are delivered twice.
   */
  readonly keptTo?: number;
}

/** What the journal says without being asked. Never called from inside a call to the journal. */
export interface JournalListener {
  /** The journal can be reached (again): compare every followed topic with it. Also after any sign of loss. */
  resync(reason: "connected" | "leader-elected" | "heartbeat"): void;
  /** Live events no longer arrive; streams stay open. */
  disconnected(): void;
  /** Ids begin anew. Called before anything of the new epoch is told or answered. */
  epochChanged(change: EpochChange): void;
  /** A publisher knows that `sequence` is stored on the topic though it may not have been told live. */
  nudge(topicId: TopicId, sequence: number): void;
}

/**
 * The journal between publishers and streams: NATS JetStream, or a ring in this process.
 * Every promise rejects with `JournalUnavailable` when the journal cannot be reached.
 */
export interface Journal {
  /** Called once, before anything else. */
  listen(listener: JournalListener): void;
  /** Epoch and highest sequence known to this process; undefined until the journal was reached once. */
  readonly known: Cursor | undefined;
  readonly connected: boolean;
  /** Present: it tells and keeps nothing. Its epoch is `unstoredEpoch`, what was lost on the way is an entry that no page has. */
  readonly keepsNothing?: true;
  /** An event with a message id is stored once within the journal's duplicate window; the id is unique over all topics. */
  publish(topicId: TopicId, event: PublishedEvent, messageId?: string): Soon<PublishOutcome>;
  /** Most events that `publishTogether` takes; 0 where the journal cannot. */
  readonly mostTogether: number;
  /** Stores all of the events without another one between them, or none; the cursor is the last one's. */
  publishTogether(topicId: TopicId, events: readonly PublishedEvent[]): Promise<PublishOutcome>;
  /** Resolves when events stored from now on will be told, in order, each after its `previous`, save for losses. */
  follow(topicId: TopicId, onEvent: (event: LiveEvent) => void): Promise<{ stop(): void }>;
  tails(topicIds: readonly TopicId[]): Promise<Tails>;
  /** At most one page of the topic's entries after the sequence `after`. */
  read(topicId: TopicId, after: number): Promise<JournalPage>;
  /** The sequence after which to read for this place; where nothing lies after it, one up to which nothing does. */
  locate(topicId: TopicId, place: JournalPlace): Promise<number>;
  /** A `lastSequence` below `beyond` is proven: nothing of this sequence is stored. */
  bounds(beyond?: number): Promise<JournalBounds>;
}

export class JournalUnavailable extends Error {
  override readonly name = "JournalUnavailable";
}

/** Where one stream's bytes go. Calls after the end do nothing. */
export interface EventSink {
  /** Bytes of event stream that it adds to each write; absent: none. */
  readonly addedBytes?: number;
  /**
   * Takes whole frames; the bytes are shared and must not be changed.
   * False: taken, but write no more until `OpenStream.writable()` is called.
   */
  write(frames: Uint8Array): boolean;
  /** Writes the last bytes and ends the response cleanly. */
  end(frames?: Uint8Array): void;
}

/** What the transport tells the hub about one stream. */
export interface OpenStream {
  writable(): void;
  /** The client is gone, or the response has ended. */
  closed(): void;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs `action` once after `ms`; the returned function cancels it. */
  after(ms: number, action: () => void): () => void;
  /** Runs `action` when everything that arrived in this turn of the event loop has been handled. */
  endOfTurn(action: () => void): void;
}

/** Numbers between 0 (inclusive) and 1. */
export type Random = () => number;

/** Where the hub counts. */
export interface HubMetrics {
  streamOpened(): void;
  /** `stalled`: its client took no bytes when it closed. */
  streamClosed(seconds: number, stalled: boolean): void;
  /** Frames of events written to sockets: `messages` over all streams, `bytes` of frames likewise (keepalives and control frames count as bytes only). */
  sent(messages: number, bytes: number): void;
  latency(milliseconds: number): void;
  /** Without a reason they have expired. */
  dropped(messages: number, reason?: DropReason): void;
  gapTold(): void;
  holeFilled(messages: number): void;
  /** A stream that came with an id: it goes on there, or was told a gap for this reason. Once for each such stream. */
  resumed(result: ResumeResult): void;
  /** Events that a stream of several topics got after later ones of its other topics. */
  foundLate(messages: number): void;
  /** Streams that were ended so that their clients go to another proxy. */
  moved(streams: number, reason: MoveReason): void;
}

export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
