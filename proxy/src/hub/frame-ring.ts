import { type FrameKind, type FrameOwner, FrameStore, frameOverhead, type StoredFrame } from "./frame-store.ts";
import { joinFrames } from "./sse-frame.ts";

/** What streams of a topic are written from the ring: events, and gaps that all of them were told. */
export interface RingFrame {
  /** Having this frame, and those of the same sequence, a stream has everything of the topic up to here. */
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly kind: FrameKind;
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

const compactAfter = 1_024;
const noGaps: readonly Span[] = [];

/** Nothing that comes later makes it longer. */
const endsBeforeNewest = ({ piece, newest }: SharedPiece): boolean => piece !== undefined && piece.to < newest;

export interface RingParts {
  /** Absent: one of its own, without a bound. */
  readonly store?: FrameStore;
  /** What streams are written behind a piece that takes them to `to`. */
  readonly closing?: (to: number) => Uint8Array | undefined;
}

/** A topic's newest frames, oldest first; bounded, but the newest one is kept unless the store has no room for it. */
export class FrameRing implements FrameOwner {
  readonly #limits: RingLimits;
  readonly #store: FrameStore;
  /** By place in the ring: sequence and number in the store. */
  #sequences: number[] = [];
  #numbers: number[] = [];
  #start = 0;
  #bytes = 0;
  #newFrames = 0;
  #newBytes = 0;
  #floor: number;
  #newest: number;
  /** The newest frame as it was appended, where it is an event that is likely to be all that is asked for. */
  #newestBytes: Uint8Array | undefined;
  #gaps: readonly Span[] = noGaps;
  readonly #closing: RingParts["closing"];
  #shared: SharedPiece | undefined;

  constructor(floor: number, limits: RingLimits, { store, closing }: RingParts = {}) {
    this.#limits = limits;
    this.#store = store ?? new FrameStore(Number.POSITIVE_INFINITY);
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

  append({ kind, sequence, end = sequence, bytes }: RingFrame): void {
    const number = this.#store.append(this, kind, bytes);
    // Most topics have few frames, and a list that grows from nothing takes several times the room of its first element.
    if (this.#numbers.length === 0) {
      this.#sequences = [sequence];
      this.#numbers = [number];
    } else {
      this.#sequences.push(sequence);
      this.#numbers.push(number);
    }
    const size = bytes.length + frameOverhead;
    this.#newFrames += 1;
    this.#newBytes += size;
    this.#newest = sequence;
    this.#newestBytes = kind === "event" ? bytes : undefined;
    if (end > sequence) this.#gaps = [...this.#gaps.filter(({ to }) => to > this.#floor), { from: sequence, to: end }];
    this.#bytes += size;
    while (this.#overfull()) this.dropOldest();
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
    for (let index = this.#start; index < this.#numbers.length; index += 1)
      this.#store.remove(this.#numbers[index] ?? 0);
    this.#sequences = [];
    this.#numbers = [];
    this.#start = 0;
    this.#bytes = 0;
    this.#floor = floor;
    this.#newest = floor;
    this.#newestBytes = undefined;
    this.#gaps = noGaps;
    this.#shared = undefined;
  }

  /** The place of a frame that goes is below the floor from now on. */
  dropOldest(): void {
    const number = this.#numbers[this.#start];
    if (number === undefined) return;
    this.#bytes -= this.#store.remove(number);
    this.#floor = this.#sequences[this.#start] ?? this.#floor;
    this.#start += 1;
    if (this.#start < compactAfter && this.#start * 2 < this.#numbers.length) return;
    this.#sequences = this.#sequences.slice(this.#start);
    this.#numbers = this.#numbers.slice(this.#start);
    this.#start = 0;
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
    return after >= this.#newest ? 0 : this.#numbers.length - this.#indexAfter(after);
  }

  /** The sequence after which the newest so many events lie; undefined where the ring has fewer. */
  placeBeforeLast(events: number): number | undefined {
    let left = events;
    for (let index = this.#numbers.length - 1; index >= this.#start; index -= 1) {
      if (this.#store.kindOf(this.#numbers[index] ?? 0) === "event") left -= 1;
      if (left > 0) continue;
      const sequence = this.#sequences[index] ?? 0;
      const before = this.#indexAfter(sequence - 1) - 1;
      return before < this.#start ? this.#floor : this.#sequences[before];
    }
    return undefined;
  }

  /** What it has up to `to` was written. Lets go of the joined bytes, which would otherwise stay as long as the topic is quiet. */
  written(to: number): void {
    this.#shared = undefined;
    this.#newFrames = 0;
    this.#newBytes = 0;
    if (to >= this.#newest) this.#newestBytes = undefined;
    for (let index = this.#indexAfter(to); index < this.#numbers.length; index += 1) {
      this.#newFrames += 1;
      this.#newBytes += this.#store.sizeOf(this.#numbers[index] ?? 0);
    }
  }

  #overfull(): boolean {
    const count = this.#numbers.length - this.#start;
    return count > 1 && (count > this.#limits.maxFrames || this.#bytes > this.#limits.maxBytes);
  }

  #indexAfter(after: number): number {
    let low = this.#start;
    let high = this.#sequences.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sequences[middle] ?? 0) <= after) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** What is new is nearly always one event, which need not be looked up. */
  #newestAlone(from: number): Piece | undefined {
    if (from !== this.#numbers.length - 1 || this.#newestBytes === undefined) return undefined;
    const to = this.#newest;
    return { bytes: this.#close([this.#newestBytes], to), to, events: 1, gaps: 0 };
  }

  #join(from: number, upTo: number): Piece | undefined {
    const { taken, to } = this.#frames(from, upTo);
    if (taken.length === 0) return undefined;
    const events = taken.filter(({ kind }) => kind === "event").length;
    const frames = taken.map(({ bytes }) => bytes);
    return { bytes: this.#close(frames, to), to, events, gaps: taken.length - events };
  }

  /** Those of one piece. */
  #frames(from: number, upTo: number): { readonly taken: readonly StoredFrame[]; readonly to: number } {
    const taken: StoredFrame[] = [];
    let size = 0;
    let to = this.#floor;
    for (let index = from; index < this.#numbers.length; index += 1) {
      const sequence = this.#sequences[index] ?? 0;
      const frame = this.#store.at(this.#numbers[index] ?? 0);
      if (sequence > upTo && (frame.kind === "event" || taken.length > 0)) break;
      if (taken.length > 0 && size + frame.bytes.length > this.#limits.pieceBytes && sequence !== to) break;
      taken.push(frame);
      size += frame.bytes.length;
      to = sequence;
    }
    return { taken, to };
  }

  #close(taken: readonly Uint8Array[], to: number): Uint8Array {
    const closing = this.#closing?.(to);
    return joinFrames(closing === undefined ? taken : [...taken, closing]);
  }
}
