import type { BudgetPlace } from "./ring-budget.ts";
import { joinFrames } from "./sse-frame.ts";

/** What streams of a topic are written from the ring: events, and gaps that all of them were told. */
export interface RingFrame {
  /** Having this frame, and those of the same sequence, a stream has everything of the topic up to here. */
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly kind: "event" | "gap";
  /** Of a gap of one topic that reaches beyond its place in the order of all: its last sequence. */
  readonly end?: number;
}

/** What lies after `from`, up to and with `to`, is told by a frame at `from`. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** Whole frames joined: takes a stream from a cursor to `to`. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly to: number;
  readonly events: number;
  readonly gaps: number;
}

/** What streams at one place are written next. */
interface SharedPiece {
  readonly after: number;
  readonly newest: number;
  readonly piece: Piece | undefined;
}

export interface RingLimits {
  readonly maxFrames: number;
  readonly maxBytes: number;
  /** A piece ends before the frame that would take it beyond this; it has at least one frame. */
  readonly pieceBytes: number;
}

/** A piece goes out in one write: 16,000 bytes are the most that a sink gives to the socket at once, what closes a piece included. */
export const ringLimits: RingLimits = { maxFrames: 512, maxBytes: 1_048_576, pieceBytes: 15_800 };

/** A typed array's own memory, so that many tiny frames are not counted as nothing. */
const frameOverhead = 160;
const compactAfter = 1_024;

/** Nothing that comes later makes it longer. */
const endsBeforeNewest = ({ piece, newest }: SharedPiece): boolean => piece !== undefined && piece.to < newest;

/** A topic's newest frames, oldest first; bounded, but the newest one is always kept. */
export class FrameRing {
  readonly #limits: RingLimits;
  #frames: RingFrame[] = [];
  #start = 0;
  #bytes = 0;
  #newFrames = 0;
  #newBytes = 0;
  #floor: number;
  #newest: number;
  #gaps: readonly Span[] = [];
  readonly #closing: ((to: number) => Uint8Array | undefined) | undefined;
  /** For the budget of all rings. */
  budgetPlace: BudgetPlace | undefined;
  #shared: SharedPiece | undefined;

  /** `closing`: what streams are written behind a piece that takes them to `to`. */
  constructor(floor: number, limits: RingLimits, closing?: (to: number) => Uint8Array | undefined) {
    this.#limits = limits;
    this.#closing = closing;
    this.#floor = floor;
    this.#newest = floor;
  }

  /** Every frame of the topic after this sequence is here. */
  get floor(): number {
    return this.#floor;
  }

  /** Sequence of the last frame, or the floor. */
  get newest(): number {
    return this.#newest;
  }

  /** Bytes held, bookkeeping included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Half of what the ring may hold is not written yet. */
  get halfNew(): boolean {
    const { maxFrames, maxBytes } = this.#limits;
    return this.#newFrames * 2 >= maxFrames || this.#newBytes * 2 >= maxBytes;
  }

  append(frame: RingFrame): void {
    const { sequence, end = sequence } = frame;
    this.#frames.push(frame);
    this.#newFrames += 1;
    this.#newBytes += frame.bytes.length + frameOverhead;
    this.#newest = sequence;
    if (end > sequence) this.#gaps = [...this.#gaps.filter(({ to }) => to > this.#floor), { from: sequence, to: end }];
    this.#bytes += frame.bytes.length + frameOverhead;
    while (this.#overfull()) this.#dropOldest();
  }

  /**
   * The first place at or after `after` from which the frames are all there is. Between the frame of a gap and the
   * gap's end they are not, for who did not get that frame.
   */
  entryFrom(after: number): number {
    const entry = Math.max(after, this.#floor);
    if (this.#gaps.length === 0) return entry;
    const end = this.#gaps.reduce((last, { from, to }) => (from <= entry ? Math.max(last, to) : last), entry);
    return end === entry ? entry : this.entryFrom(end);
  }

  /** Forgets all frames; streams at `newest` miss nothing by it. */
  clear(): void {
    const gaps = this.#gaps;
    this.reset(this.#newest);
    this.#gaps = gaps;
  }

  /** Begins anew after `floor`. */
  reset(floor: number): void {
    this.#frames = [];
    this.#gaps = [];
    this.#start = 0;
    this.#bytes = 0;
    this.#floor = floor;
    this.#newest = floor;
    this.#gaps = [];
    this.#shared = undefined;
  }

  /**
   * The next piece for a stream at `after`; undefined when there is nothing newer.
   * `after` must not be below the floor. Streams at the same cursor share the joined bytes.
   * `upTo`: no event after this sequence; a gap that reaches beyond it is still told.
   */
  pieceAfter(after: number, upTo: number = Number.POSITIVE_INFINITY): Piece | undefined {
    if (after >= this.#newest || after >= upTo) return undefined;
    if (upTo < this.#newest) return this.#join(this.#indexAfter(after), upTo);
    const shared = this.#shared;
    if (shared?.after === after && (shared.newest === this.#newest || endsBeforeNewest(shared))) return shared.piece;
    const from = this.#indexAfter(after);
    const piece = this.#newestAlone(from) ?? this.#join(from, upTo);
    this.#shared = { after, newest: this.#newest, piece };
    return piece;
  }

  /** Frames for a stream at `after`; those below the floor are not known. */
  countAfter(after: number): number {
    return after >= this.#newest ? 0 : this.#frames.length - this.#indexAfter(after);
  }

  /** The sequence after which the newest so many events lie; undefined where the ring has fewer. */
  placeBeforeLast(events: number): number | undefined {
    let left = events;
    for (let index = this.#frames.length - 1; index >= this.#start; index -= 1) {
      const frame = this.#frames[index];
      if (frame?.kind === "event") left -= 1;
      if (frame === undefined || left > 0) continue;
      const before = this.#frames.slice(this.#start, index).findLast(({ sequence }) => sequence < frame.sequence);
      return before?.sequence ?? this.#floor;
    }
    return undefined;
  }

  /** What it has up to `to` was written. Lets go of the joined bytes, which would otherwise stay as long as the topic is quiet. */
  written(to: number): void {
    this.#shared = undefined;
    this.#newFrames = 0;
    this.#newBytes = 0;
    for (let index = this.#frames.length - 1; index >= this.#start; index -= 1) {
      const frame = this.#frames[index];
      if (frame === undefined || frame.sequence <= to) return;
      this.#newFrames += 1;
      this.#newBytes += frame.bytes.length + frameOverhead;
    }
  }

  #overfull(): boolean {
    const count = this.#frames.length - this.#start;
    return count > 1 && (count > this.#limits.maxFrames || this.#bytes > this.#limits.maxBytes);
  }

  #dropOldest(): void {
    const oldest = this.#frames[this.#start];
    if (oldest === undefined) return;
    this.#floor = oldest.sequence;
    this.#bytes -= oldest.bytes.length + frameOverhead;
    this.#start += 1;
    if (this.#start < compactAfter && this.#start * 2 < this.#frames.length) return;
    this.#frames = this.#frames.slice(this.#start);
    this.#start = 0;
  }

  #indexAfter(after: number): number {
    let low = this.#start;
    let high = this.#frames.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#frames[middle]?.sequence ?? 0) <= after) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** What is new is nearly always one event, and a list that grows takes several times its room. */
  #newestAlone(from: number): Piece | undefined {
    const frame = this.#frames[from];
    if (from !== this.#frames.length - 1 || frame?.kind !== "event") return undefined;
    return { bytes: this.#close([frame.bytes], frame.sequence), to: frame.sequence, events: 1, gaps: 0 };
  }

  #join(from: number, upTo: number): Piece | undefined {
    const taken: Uint8Array[] = [];
    let size = 0;
    let gaps = 0;
    let to = this.#floor;
    for (let index = from; index < this.#frames.length; index += 1) {
      const frame = this.#frames[index];
      if (
        frame === undefined ||
        (taken.length > 0 && size + frame.bytes.length > this.#limits.pieceBytes && frame.sequence !== to)
      )
        break;
      if (frame.sequence > upTo && (frame.kind === "event" || taken.length > 0)) break;
      taken.push(frame.bytes);
      size += frame.bytes.length;
      to = frame.sequence;
      if (frame.kind === "gap") gaps += 1;
    }
    if (taken.length === 0) return undefined;
    return { bytes: this.#close(taken, to), to, events: taken.length - gaps, gaps };
  }

  #close(taken: readonly Uint8Array[], to: number): Uint8Array {
    const closing = this.#closing?.(to);
    return joinFrames(closing === undefined ? taken : [...taken, closing]);
  }
}
