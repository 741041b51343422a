import { formatEventId } from "./event-id.ts";
import type { TopicStarts } from "./past.ts";
import type { Stream } from "./stream.ts";
import { StreamPump, type StreamsParts } from "./stream-pump.ts";
import type { DeliverySpan } from "./tracing.ts";

const none: readonly never[] = [];

/** The streams of one topic or one set of topics, and the pass that writes what is new to all of them. */
export class TopicStreams {
  readonly pump: StreamPump;
  /** Waits for its turn in the fan-out. */
  announced = false;
  readonly #parts: StreamsParts;
  #streams: Stream[] = [];
  /** Streams below this index are still to be visited in this pass; 0 = no pass is under way. */
  #toVisit = 0;
  /** Another pass follows, whether or not there is anything new. */
  #again = false;
  /** Somebody needs another round of this pass. */
  #isUnfinished = false;
  #accepted: number[] | undefined;
  #acceptedInPass: readonly number[] = none;
  #newestInPass = 0;
  #spans: DeliverySpan[] | undefined;
  #spansInPass: readonly DeliverySpan[] = none;

  constructor(parts: StreamsParts) {
    this.#parts = parts;
    this.pump = new StreamPump(parts);
  }

  get size(): number {
    return this.#streams.length;
  }

  /** What passes have not written yet takes half of the ring. */
  get ringFills(): boolean {
    return this.#parts.view.ring.halfNew;
  }

  [Symbol.iterator](): Iterator<Stream> {
    return this.#streams.values();
  }

  add(stream: Stream): void {
    stream.topicIndex = this.#streams.length;
    // Most topics have one, and a list that grows from nothing takes several times the room of its first element.
    if (this.#streams.length === 0) this.#streams = [stream];
    else this.#streams.push(stream);
  }

  /** The last stream takes the place; passes run downwards, so it is visited at most once too often, never too seldom. */
  remove(stream: Stream): void {
    if (this.#streams[stream.topicIndex] !== stream) return;
    const last = this.#streams.pop();
    if (last !== undefined && last !== stream) {
      this.#streams[stream.topicIndex] = last;
      last.topicIndex = stream.topicIndex;
    }
    stream.topicIndex = -1;
    this.pump.leave(stream);
  }

  /** An event that the next pass will write. */
  arrived(acceptedAt: number, span?: DeliverySpan): void {
    if (this.#streams.length === 0) return;
    // Most passes write one event, and a list that grows takes several times the room.
    if (this.#accepted === undefined) this.#accepted = [acceptedAt];
    else this.#accepted.push(acceptedAt);
    if (span !== undefined) {
      this.#spans ??= [];
      this.#spans.push(span);
    }
    this.pump.relief.arrived();
  }

  /** A pass has begun and has not visited everybody, or not with all that is new by now. */
  get passing(): boolean {
    return this.#toVisit > 0;
  }

  /** Visits at most `budget` streams and returns how many it visited. */
  pass(budget: number): number {
    if (this.#toVisit === 0) this.#beginPass();
    let visited = 0;
    while (visited < budget && this.#toVisit > 0) {
      this.#toVisit -= 1;
      const stream = this.#streams[this.#toVisit];
      if (stream === undefined) continue;
      visited += 1;
      if (!stream.blocked && !stream.reading && stream.state !== "connecting") this.#visit(stream);
      this.pump.relief.relieve(stream);
    }
    if (this.#toVisit === 0) this.#endRound();
    return visited;
  }

  /** Every stream is to be visited, also by a pass that is under way. */
  revisit(): void {
    this.#again = true;
  }

  every(holds: (stream: Stream) => boolean): boolean {
    return this.#streams.every(holds);
  }

  /** Sequences begin anew after `keptTo`: every stream is told what it cannot know, and goes on with what is new to it. */
  restarted(oldEpoch: number, keptTo: number): void {
    this.pump.abandonReads();
    this.pump.relief.restarted();
    for (const stream of this.#placed()) {
      // A gap that is not told yet begins before the place.
      const from = stream.owed?.kind === "gap" ? stream.owed.from : formatEventId(oldEpoch, stream.cursor);
      stream.owed = { kind: "gap", from, reason: from === null ? "invalid" : "reset" };
      stream.cursor = Math.min(stream.cursor, keptTo);
      stream.starts = startsWithin(stream, keptTo);
      stream.keep = undefined;
      stream.inStep = false;
      stream.unwritten = undefined;
      stream.late = this.#parts.settling?.log.placeAfter(stream.cursor);
      this.pump.pump(stream);
    }
  }

  /** The same entries have new ids: every stream needs one that will be understood when it resumes. */
  renamed(): void {
    for (const stream of this.#placed()) {
      stream.owed ??= { kind: "id" };
      this.pump.pump(stream);
    }
  }

  /**
   * One write: who is further behind gets the next one in another round, when all others had theirs, so that streams stay
   * at the same places and share what is joined for them, and no visit takes longer than another.
   */
  #visit(stream: Stream): void {
    const takesMore = !this.pump.pump(stream, 1);
    if (takesMore && stream.cursor < this.#newestInPass) this.#isUnfinished = true;
  }

  #endRound(): void {
    const isLast = !this.#isUnfinished || this.#streams.length === 0;
    this.#isUnfinished = false;
    if (isLast) this.#endPass();
    else this.#toVisit = this.#streams.length;
  }

  #placed(): readonly Stream[] {
    return this.#streams.filter((stream) => stream.state !== "connecting");
  }

  #beginPass(): void {
    this.#toVisit = this.#streams.length;
    this.#again = false;
    this.#newestInPass = this.#parts.view.ring.newest;
    this.#acceptedInPass = this.#accepted ?? none;
    this.#accepted = undefined;
    this.#spansInPass = this.#spans ?? none;
    this.#spans = undefined;
    this.pump.relief.passBegins();
  }

  #endPass(): void {
    const { clock, metrics } = this.#parts.shared;
    const now = clock.now();
    for (const acceptedAt of this.#acceptedInPass) metrics.latency(Math.max(0, now - acceptedAt));
    this.#acceptedInPass = none;
    for (const span of this.#spansInPass) span.end();
    this.#spansInPass = none;
    this.pump.relief.passEnds();
    const { ring } = this.#parts.view;
    ring.written(this.#newestInPass);
    // Those who were visited first have not got what arrived meanwhile.
    if (this.#again || ring.newest !== this.#newestInPass) this.#beginPass();
  }
}

/** What a stream does not want of its topics, as far as that is still in the journal. */
const startsWithin = ({ starts, cursor }: Stream, keptTo: number): TopicStarts | undefined => {
  if (starts === undefined || cursor >= keptTo) return undefined;
  return new Map([...starts].map(([topicId, sequence]) => [topicId, Math.min(sequence, keptTo)]));
};
