import type { EventSink, OpenStream } from "./ports.ts";
import type { GapReason } from "./sse-frame.ts";

export type StreamState = "connecting" | "active" | "idle" | "closing" | "closed";

/** Streams in each state; `closed` counts all that ever were. */
export type StreamCounts = Record<StreamState, number>;

export const noStreams = (): StreamCounts => ({ connecting: 0, active: 0, idle: 0, closing: 0, closed: 0 });

/** A control block the stream must get before anything else; its place is the stream's cursor. */
export type Owed =
  | { readonly kind: "id" }
  | { readonly kind: "gap"; readonly from: string | null; readonly reason: GapReason };

export interface StreamOwner {
  readonly counts: StreamCounts;
  writable(stream: Stream): void;
  closed(stream: Stream): void;
  keepalive(stream: Stream): void;
  /** The stream is ended from this side and gets nothing more. */
  leave(stream: Stream): void;
}

/** One client's stream: a place in its topic and no queue. Kept flat and small, there is one per connection. */
export class Stream implements OpenStream {
  readonly owner: StreamOwner;
  readonly sink: EventSink;
  readonly openedAt: number;
  /** Everything of the topic up to here was written, or told as a gap; it is also the id the client holds. */
  cursor = 0;
  state: StreamState = "connecting";
  /** The client's id until the stream has its place. */
  lastEventId: string | undefined;
  owed: Owed | undefined = undefined;
  /** The sink wants no more for now. */
  blocked = false;
  /** Waits for a page of the journal. */
  reading = false;
  /** Was told `retry:`, which is the first thing a stream is told. */
  greeted = false;
  /** Has not reached the head yet since it was opened. */
  resuming = true;
  topicIndex = -1;
  slot = -1;
  slotIndex = -1;

  constructor(owner: StreamOwner, sink: EventSink, openedAt: number, lastEventId: string | undefined) {
    this.owner = owner;
    this.sink = sink;
    this.openedAt = openedAt;
    this.lastEventId = lastEventId;
    owner.counts.connecting += 1;
  }

  writable(): void {
    this.blocked = false;
    this.owner.writable(this);
  }

  closed(): void {
    if (this.state !== "closed") this.owner.closed(this);
  }
}

export const enterState = (stream: Stream, next: StreamState): void => {
  const { counts } = stream.owner;
  counts[stream.state] -= 1;
  counts[next] += 1;
  stream.state = next;
};

export const isOpen = (stream: Stream): boolean => stream.state !== "closing" && stream.state !== "closed";
