import type { Clock } from "./ports.ts";
import type { Stream } from "./stream.ts";

const slotCount = 60;
const halfInterval = slotCount / 2;

/**
 * All open streams, spread over the keepalive interval, and the one timer that visits them. Whoever was written to
 * within half an interval is visited again half an interval later: no silence is longer than an interval, the spread
 * stays as it is though many are written to at once, and nobody who gets events is sent keepalives between them.
 */
export class KeepaliveWheel {
  readonly #clock: Clock;
  readonly #intervalSec: () => number;
  readonly #visit: (stream: Stream) => void;
  readonly #slots: Stream[][] = Array.from({ length: slotCount }, () => []);
  #nextSlot = 0;
  #turns = 0;
  #size = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, intervalSec: () => number, visit: (stream: Stream) => void) {
    this.#clock = clock;
    this.#intervalSec = intervalSec;
    this.#visit = visit;
  }

  get size(): number {
    return this.#size;
  }

  /** Grows by one in each sixtieth of an interval. */
  get turn(): number {
    return this.#turns;
  }

  add(stream: Stream): void {
    // A stream that is alone waits a whole interval, those that come with it a little less each.
    if (this.#size === 0) this.#nextSlot = this.#turns % slotCount;
    this.#nextSlot = (this.#nextSlot + slotCount - 1) % slotCount;
    this.#put(stream, this.#nextSlot);
    this.#size += 1;
    if (this.#cancel === undefined) this.#schedule();
  }

  remove(stream: Stream): void {
    if (!this.#take(stream)) return;
    this.#size -= 1;
    if (this.#size === 0) this.stop();
  }

  /** To be asked at a visit. True: the stream was written to lately, and is visited again in time. */
  postpone(stream: Stream): boolean {
    if (this.#turns - stream.wroteAt >= halfInterval) return false;
    const later = (stream.slot + halfInterval) % slotCount;
    this.#take(stream);
    this.#put(stream, later);
    return true;
  }

  /** Up to `count` of the streams. */
  pick(count: number): readonly Stream[] {
    const picked: Stream[] = [];
    for (const slot of this.#slots) {
      if (picked.length >= count) break;
      picked.push(...slot.slice(0, count - picked.length));
    }
    return picked;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #put(stream: Stream, slot: number): void {
    stream.slot = slot;
    stream.slotIndex = (this.#slots[slot]?.push(stream) ?? 0) - 1;
  }

  /** False: it is in no slot. */
  #take(stream: Stream): boolean {
    const slot = this.#slots[stream.slot];
    const last = slot?.pop();
    if (slot === undefined || last === undefined) return false;
    if (last !== stream) {
      slot[stream.slotIndex] = last;
      last.slotIndex = stream.slotIndex;
    }
    stream.slot = -1;
    return true;
  }

  #schedule(): void {
    this.#cancel = this.#clock.after((this.#intervalSec() * 1_000) / slotCount, () => {
      this.#schedule();
      this.#turn();
    });
  }

  #turn(): void {
    const slot = this.#slots[this.#turns % slotCount] ?? [];
    this.#turns += 1;
    // Backwards, because a stream may be closed by a write, or moved, and the last one then takes its place.
    for (let index = slot.length - 1; index >= 0; index -= 1) {
      const stream = slot[index];
      if (stream !== undefined) this.#visit(stream);
    }
  }
}
