import type { Keep } from "./backpressure.ts";
import type { WrittenProof } from "./event-id.ts";
import type { LatePlace } from "./late-log.ts";
import type { TopicStarts } from "./past.ts";
import type { EventSink, JournalPlace, OpenStream } from "./ports.ts";
import type { GapReason } from "./sse-frame.ts";
import type { UnwrittenEvent } from "./unwritten.ts";

export type StreamState = "connecting" | "active" | "idle" | "closing" | "closed";

/** Streams in each state; `closed` counts all that ever were. `blocked` are open ones whose sink wants no more for now. */
export type StreamCounts = Record<StreamState | "blocked", number>;

export const noStreams = (): StreamCounts => ({
  connecting: 0,
  active: 0,
  idle: 0,
  closing: 0,
  closed: 0,
  blocked: 0,
});

/** A control block the stream must get before anything else; its place is the stream's cursor. */
export type Owed =
  | { readonly kind: "id" }
  | { readonly kind: "gap"; readonly from: string | null; readonly reason: GapReason };

/** What a client still lacks up to its cursor, and what it can prove to have until then. */
export interface UnwrittenRest {
  readonly events: readonly UnwrittenEvent[];
  readonly proof: WrittenProof;
}

export interface StreamOwner {
  readonly counts: StreamCounts;
  writable(stream: Stream): void;
  closed(stream: Stream): void;
  keepalive(stream: Stream): void;
  /** The stream is ended from this side and gets nothing more. */
  leave(stream: Stream): void;
}

/** Where a client wants its stream to begin. */
export interface Wish {
  /** The id it holds; undefined and "" mean a fresh stream. */
  readonly lastEventId: string | undefined;
  /** For a stream that is fresh, or whose id cannot be resumed; undefined = now. */
  readonly bootstrap?: JournalPlace | undefined;
}

/** One client's stream: a place in its topics and no queue. Kept flat and small, there is one per connection. */
export class Stream implements OpenStream {
  readonly owner: StreamOwner;
  readonly sink: EventSink;
  readonly openedAt: number;
  /** Everything of the topics up to here was written, or told as a gap; it is also the id the client holds. */
  cursor = 0;
  state: StreamState = "connecting";
  /** Until the stream has its place. */
  wish: Wish | undefined;
  /** Until the stream is level with all of them. */
  starts: TopicStarts | undefined = undefined;
  /** Only of streams of several topics. */
  late: LatePlace | undefined = undefined;
  /** Was written what the ring's other streams were, late ones included; else it was written all up to its cursor. */
  inStep = false;
  /** Found missing when its id was compared with the journal; written before anything newer. */
  unwritten: UnwrittenRest | undefined = undefined;
  owed: Owed | undefined = undefined;
  /** Only what is kept is written before what came after it is dropped. */
  keep: Keep | undefined = undefined;
  /** The sink wants no more for now. */
  blocked = false;
  /** Waits for a page of the journal. */
  reading = false;
  /** Was told `retry:`, which is the first thing a stream is told. */
  greeted = false;
  /** Has not reached the head yet since it was opened. */
  resuming = true;
  /** What it was given of the past since it was opened. */
  replayedEvents = 0;
  replayedBytes = 0;
  /** Came with an id, and it has not shown yet whether it goes on there without a loss. */
  resumeOpen = false;
  /** Part of the longest age of a stream that this one may reach. */
  lifespan = 1;
  topicIndex = -1;
  slot = -1;
  slotIndex = -1;
  /** Turn of the keepalive wheel in which it was last written to; long ago where it never was. */
  wroteAt = -1_000;

  constructor(owner: StreamOwner, sink: EventSink, openedAt: number, wish: Wish) {
    this.owner = owner;
    this.sink = sink;
    this.openedAt = openedAt;
    this.wish = wish;
    owner.counts.connecting += 1;
  }

  writable(): void {
    if (this.blocked && isOpen(this)) this.owner.counts.blocked -= 1;
    this.blocked = false;
    this.owner.writable(this);
  }

  closed(): void {
    if (this.state !== "closed") this.owner.closed(this);
  }
}

export const enterState = (stream: Stream, next: StreamState): void => {
  const { counts } = stream.owner;
  if (stream.blocked && isOpen(stream) && (next === "closing" || next === "closed")) counts.blocked -= 1;
  counts[stream.state] -= 1;
  counts[next] += 1;
  stream.state = next;
};

/** The sink wants no more until it says so. */
export const block = (stream: Stream): void => {
  if (!stream.blocked && isOpen(stream)) stream.owner.counts.blocked += 1;
  stream.blocked = true;
};

export const isOpen = (stream: Stream): boolean => stream.state !== "closing" && stream.state !== "closed";
