import type { RingFrame } from "./frame-ring.ts";
import type { Stream } from "./stream.ts";

/** Something of a topic that was found after streams had been written later events of their other topics. */
export interface LateEntry {
  readonly kind: RingFrame["kind"];
  /** A stream that has not got so far meets it on its way. */
  readonly sequence: number;
  /** A stream that begins here or later has nothing to do with it. */
  readonly end: number;
  readonly size: number;
  /** The frame for a client that already holds the id `place`. */
  bytes(place: string): Uint8Array;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** What a stream of several topics keeps besides its cursor. */
export interface LatePlace {
  /** The stream began after this sequence: nothing up to it is owed. */
  readonly begin: number;
  /** Read from the journal, hence complete: nothing in these is owed. Ascending. */
  read: Range[];
  /** Number of the next entry of the log to look at. */
  next: number;
}

const none: readonly number[] = [];
const maxEntries = 256;
const maxBytes = 1_048_576;

/** Late entries that some streams may still have to be written; bounded. */
export class LateLog {
  #entries: LateEntry[] = [];
  /** Number of the oldest entry that is kept. */
  #first = 0;
  /** Where those lay that are not kept any more. */
  #forgotten: Range | undefined;
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  add(entry: LateEntry): void {
    this.#entries.push(entry);
    this.#bytes += entry.size;
    while (this.#entries.length > maxEntries || (this.#bytes > maxBytes && this.#entries.length > 1)) {
      this.#forgetOldest();
    }
  }

  /** A stream that begins after `sequence`. */
  placeAfter(sequence: number): LatePlace {
    return { begin: sequence, read: [], next: this.#end };
  }

  hasLookedAtAll(place: LatePlace): boolean {
    return place.next >= this.#end;
  }

  clear(): void {
    this.#first = this.#end;
    this.#entries = [];
    this.#forgotten = undefined;
    this.#bytes = 0;
  }

  /** Where the stream may lack something, since it was slower than the log is long; it goes on with what is there. */
  lostBy({ cursor, late: place }: Stream): Range | undefined {
    if (place === undefined || place.next >= this.#first) return undefined;
    place.next = this.#first;
    const from = Math.max(place.begin, this.#forgotten?.from ?? 0);
    const to = Math.min(cursor, this.#forgotten?.to ?? 0);
    const isRead = place.read.some((read) => read.from <= from && to <= read.to);
    return to <= from || isRead ? undefined : { from, to };
  }

  /** The next entry that the stream went past without it. */
  takeFor({ cursor, late: place }: Pick<Stream, "cursor" | "late">): LateEntry | undefined {
    if (place === undefined) return undefined;
    while (place.next < this.#end) {
      const entry = this.#entries[place.next - this.#first];
      place.next += 1;
      if (entry === undefined || entry.end <= place.begin || entry.sequence > cursor) continue;
      if (!place.read.some(({ from, to }) => from < entry.sequence && entry.end <= to)) return entry;
    }
    return undefined;
  }

  /** Sequences of the events that `takeFor` will give, in that order. */
  pendingFor(stream: Stream): readonly number[] {
    const { cursor, late } = stream;
    if (late === undefined || late.next >= this.#end) return none;
    const ahead = { cursor, late: { ...late } };
    const pending: number[] = [];
    for (let entry = this.takeFor(ahead); entry !== undefined; entry = this.takeFor(ahead))
      if (entry.kind === "event") pending.push(entry.sequence);
    return pending;
  }

  #forgetOldest(): void {
    const oldest = this.#entries.shift();
    if (oldest === undefined) return;
    this.#bytes -= oldest.size;
    this.#first += 1;
    const { from, to } = this.#forgotten ?? { from: oldest.sequence, to: oldest.end };
    this.#forgotten = { from: Math.min(from, oldest.sequence - 1), to: Math.max(to, oldest.end) };
  }

  get #end(): number {
    return this.#first + this.#entries.length;
  }
}

/** The stream was written everything between the two sequences from the journal. Nothing up to `settled` is still to be looked at. */
export const noteRead = (place: LatePlace, range: Range, settled: number): void => {
  if (range.to <= range.from) return;
  const kept = place.read.filter(({ to }) => to > settled);
  const last = kept.at(-1);
  if (last?.to === range.from) kept[kept.length - 1] = { from: last.from, to: range.to };
  else kept.push(range);
  place.read = kept;
};
