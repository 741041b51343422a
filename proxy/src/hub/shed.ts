import { streamsToEnd } from "./drain.ts";
import type { Clock } from "./ports.ts";

const tickMs = 100;

export interface Shed {
  /** Streams to end. */
  readonly streams: number;
  /** Open streams that stay whatever happens. */
  readonly keep: number;
  /** Streams ended each second. */
  readonly ratePerSec: number;
}

export interface SheddingParts {
  readonly clock: Clock;
  readonly open: () => number;
  /** Ends so many streams, each with its own time to come back. */
  readonly end: (count: number) => void;
}

/** Ends a part of the streams at a pace, so that their clients go to other proxies; the rest is served on. */
export class Shedding {
  readonly #parts: SheddingParts;
  #shed: Shed | undefined;
  #left = 0;
  #carried = 0;
  #cancel: (() => void) | undefined;

  constructor(parts: SheddingParts) {
    this.#parts = parts;
  }

  /** Streams that are still to be ended. */
  get left(): number {
    return this.#left;
  }

  /** Begins, in place of one that is under way; returns how many streams are to end. */
  begin(shed: Shed): number {
    this.stop();
    this.#shed = shed;
    this.#left = Math.min(shed.streams, this.#aboveKeep(shed));
    this.#carried = 0;
    const planned = this.#left;
    this.#tick(shed);
    return planned;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#shed = undefined;
    this.#left = 0;
  }

  #aboveKeep({ keep }: Shed): number {
    return Math.max(0, this.#parts.open() - keep);
  }

  #tick(shed: Shed): void {
    // Clients that left by themselves count as well: nobody is ended for a stream that is gone already.
    this.#left = Math.min(this.#left, this.#aboveKeep(shed));
    const { ratePerSec } = shed;
    const pace = { open: this.#left, ratePerSec, msLeft: Number.POSITIVE_INFINITY, carried: this.#carried };
    const { count, carried } = streamsToEnd(pace);
    this.#carried = carried;
    this.#left -= count;
    this.#parts.end(count);
    if (this.#left === 0) this.stop();
    else if (this.#shed === shed) this.#cancel = this.#parts.clock.after(tickMs, () => this.#tick(shed));
  }
}
