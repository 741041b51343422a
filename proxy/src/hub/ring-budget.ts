import type { FrameRing } from "./frame-ring.ts";

/** Bytes that the rings of all topics may hold together; the journal has what a ring lets go. */
export const defaultRingBudgetBytes = 67_108_864;

/** A ring's place in the order of the last append; the ring has it, since every event asks for it. */
export interface BudgetPlace {
  readonly ring: FrameRing;
  /** What the ring was last counted with. */
  bytes: number;
  older: BudgetPlace | undefined;
  newer: BudgetPlace | undefined;
}

/**
 * Keeps all rings together within a budget: the ring that was appended to longest ago is cleared first. The order is a
 * chain, since every event moves a ring to its end: a map would be rebuilt again and again.
 */
export class RingBudget {
  readonly #maxBytes: number;
  #oldest: BudgetPlace | undefined;
  #newest: BudgetPlace | undefined;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** To be called once after a turn's appends to `ring`. */
  touched(ring: FrameRing): void {
    const place = ring.budgetPlace ?? { ring, bytes: 0, older: undefined, newer: undefined };
    ring.budgetPlace = place;
    this.#bytes += ring.bytes - place.bytes;
    place.bytes = ring.bytes;
    if (place !== this.#newest) {
      this.#unlink(place);
      this.#append(place);
    }
    while (this.#bytes > this.#maxBytes && this.#oldest !== undefined && this.#oldest.ring !== ring) {
      const { ring: longestQuiet } = this.#oldest;
      longestQuiet.clear();
      this.forget(longestQuiet);
    }
  }

  forget(ring: FrameRing): void {
    const place = ring.budgetPlace;
    if (place === undefined) return;
    ring.budgetPlace = undefined;
    this.#unlink(place);
    this.#bytes -= place.bytes;
  }

  #append(place: BudgetPlace): void {
    place.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = place;
    else this.#newest.newer = place;
    this.#newest = place;
  }

  #unlink(place: BudgetPlace): void {
    const { older, newer } = place;
    if (older !== undefined) older.newer = newer;
    else if (this.#oldest === place) this.#oldest = newer;
    if (newer !== undefined) newer.older = older;
    else if (this.#newest === place) this.#newest = older;
    place.older = undefined;
    place.newer = undefined;
  }
}
