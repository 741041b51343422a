import { ByteSegment, type SegmentRoom } from "./byte-segment.ts";

const largest: SegmentRoom = { bytes: 65_536, entries: 384 };
const smallest = 4_096;
/** What a segment takes besides its room: itself, three arrays, and what V8 and the allocator keep of two buffers. */
const segmentOverhead = 700;

/** As large as what is there already, so that a log with little in it is small. */
const roomBeside = (held: number): SegmentRoom => {
  const bytes = Math.min(largest.bytes, Math.max(smallest, held));
  return { bytes, entries: Math.ceil((bytes * largest.entries) / largest.bytes) };
};

export interface Entry {
  readonly value: number;
  readonly bytes: Uint8Array;
}

/**
 * Entries of many owners in the order in which they came, each a few bytes and one number. Nothing is kept on the
 * JavaScript heap for each of them (ADR 41). Entries may go in any order; those that go as the oldest of all cost least.
 *
 * Memory: where entries go between others that stay, segments are written anew without the holes. So beside one segment
 * at each end at most a quarter of it is for nothing.
 */
export class ByteLog<Owner extends object> {
  /** Oldest first; only the last one is appended to. None is without entries. */
  readonly #segments: ByteSegment<Owner>[] = [];
  #last = 0;
  #bytes = 0;
  #entries = 0;

  /** Bytes of all entries. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of memory that it takes, what has a buffer of its own left out. */
  get capacity(): number {
    return this.#segments.reduce((sum, { capacity }) => sum + capacity + segmentOverhead, 0);
  }

  get entries(): number {
    return this.#entries;
  }

  /** Number of the last entry that was appended; 0: none was. */
  get last(): number {
    return this.#last;
  }

  /** Number of the oldest entry; undefined: there is none. */
  get oldest(): number | undefined {
    const segment = this.#segments[0];
    return segment?.numberAt(segment.first);
  }

  get oldestOwner(): Owner | undefined {
    const segment = this.#segments[0];
    return segment?.ownerAt(segment.first);
  }

  get oldestValue(): number | undefined {
    const segment = this.#segments[0];
    return segment?.valueAt(segment.first);
  }

  /** Returns the entry's number, one more than the last one's. */
  append(owner: Owner, value: number, bytes: Uint8Array): number {
    this.#last += 1;
    this.#roomFor(bytes.length).append(owner, this.#last, value, bytes);
    this.#bytes += bytes.length;
    this.#entries += 1;
    return this.#last;
  }

  /** Throws where the entry has gone. The bytes stay what they are, but hold more memory than their own. */
  at(number: number): Entry {
    const segment = this.#segmentOf(number);
    const row = rowIn(segment, number);
    return { value: segment.valueAt(row), bytes: segment.bytesAt(row) };
  }

  /** Throws where the entry has gone. */
  valueOf(number: number): number {
    const segment = this.#segmentOf(number);
    return segment.valueAt(rowIn(segment, number));
  }

  /** Returns how many bytes the entry had. Throws where it has gone. */
  remove(number: number): number {
    const at = this.#indexOf(number);
    const segment = this.#segments[at];
    if (segment === undefined) throw gone(number);
    const row = rowIn(segment, number);
    const isOldest = at === 0 && row === segment.first;
    const size = segment.remove(row);
    this.#bytes -= size;
    this.#entries -= 1;
    if (segment.entries === 0) this.#segments.splice(at, 1);
    // Entries that go in their order leave one hole, which ends with the segment.
    else if (!isOldest && at < this.#segments.length - 1) this.#tighten(at);
    return size;
  }

  #roomFor(size: number): ByteSegment<Owner> {
    const open = this.#segments.at(-1);
    if (open?.takes(size)) return open;
    const next = new ByteSegment<Owner>(roomBeside(this.#bytes));
    this.#segments.push(next);
    if (open !== undefined) this.#tighten(this.#segments.length - 2);
    return next;
  }

  /** Takes segments before a loose one along that are hardly larger, so that there are not more and more small ones. */
  #tighten(at: number): void {
    const loose = this.#segments[at];
    if (loose === undefined || !loose.isLoose) return;
    let { bytes, entries } = loose.needed;
    let weight = loose.weight;
    let from = at;
    for (let before = this.#segments[from - 1]; before !== undefined; before = this.#segments[from - 1]) {
      const { needed } = before;
      if (
        before.weight > 2 * weight ||
        bytes + needed.bytes > largest.bytes ||
        entries + needed.entries > largest.entries
      )
        break;
      bytes += needed.bytes;
      entries += needed.entries;
      weight += before.weight;
      from -= 1;
    }
    const tight = new ByteSegment<Owner>({ bytes, entries });
    for (let index = from; index <= at; index += 1) this.#segments[index]?.appendTo(tight);
    this.#segments.splice(from, at - from + 1, tight);
  }

  #segmentOf(number: number): ByteSegment<Owner> {
    const segment = this.#segments[this.#indexOf(number)];
    if (segment === undefined) throw gone(number);
    return segment;
  }

  /** Where the entry's segment would be. */
  #indexOf(number: number): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#segments[middle]?.begin ?? 0) <= number) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

const gone = (number: number): Error => new RangeError(`the log has no entry ${number}`);

const rowIn = <Owner extends object>(segment: ByteSegment<Owner>, number: number): number => {
  const row = segment.rowOf(number);
  if (row === undefined) throw gone(number);
  return row;
};
