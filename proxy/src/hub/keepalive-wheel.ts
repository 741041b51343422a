import type { Clock } from "./ports.ts";
import type { Stream } from "./stream.ts";

const slotCount = 60;

/** All open streams, spread over the keepalive interval, and the one timer that visits them. */
export class KeepaliveWheel {
  readonly #clock: Clock;
  readonly #intervalSec: () => number;
  readonly #visit: (stream: Stream) => void;
  readonly #slots: Stream[][] = Array.from({ length: slotCount }, () => []);
  #nextSlot = 0;
  #hand = 0;
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

  add(stream: Stream): void {
    // A stream that is alone waits a whole interval, those that come with it a little less each.
    if (this.#size === 0) this.#nextSlot = this.#hand;
    this.#nextSlot = (this.#nextSlot + slotCount - 1) % slotCount;
    const slot = this.#slots[this.#nextSlot] ?? [];
    stream.slot = this.#nextSlot;
    stream.slotIndex = slot.push(stream) - 1;
    this.#size += 1;
    if (this.#cancel === undefined) this.#schedule();
  }

  remove(stream: Stream): void {
    const slot = this.#slots[stream.slot];
    const last = slot?.pop();
    if (slot === undefined || last === undefined) return;
    if (last !== stream) {
      slot[stream.slotIndex] = last;
      last.slotIndex = stream.slotIndex;
    }
    stream.slot = -1;
    this.#size -= 1;
    if (this.#size === 0) this.stop();
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

  #schedule(): void {
    this.#cancel = this.#clock.after((this.#intervalSec() * 1_000) / slotCount, () => {
      this.#schedule();
      this.#turn();
    });
  }

  #turn(): void {
    const slot = this.#slots[this.#hand] ?? [];
    this.#hand = (this.#hand + 1) % slotCount;
    // Backwards, because a write may close a stream and the last one then takes its place.
    for (let index = slot.length - 1; index >= 0; index -= 1) {
      const stream = slot[index];
      if (stream !== undefined) this.#visit(stream);
    }
  }
}
