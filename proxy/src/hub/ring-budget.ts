import type { FrameRing } from "./frame-ring.ts";

/** Bytes that the rings of all topics may hold together; the journal has what a ring lets go. */
export const defaultRingBudgetBytes = 67_108_864;

/** Keeps all rings together within a budget: the ring that was appended to longest ago is cleared first. */
export class RingBudget {
  readonly #maxBytes: number;
  /** In order of the last append; the value is what the ring was last counted with. */
  readonly #counted = new Map<FrameRing, number>();
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
    this.forget(ring);
    this.#counted.set(ring, ring.bytes);
    this.#bytes += ring.bytes;
    for (const [oldest] of this.#counted) {
      if (this.#bytes <= this.#maxBytes || oldest === ring) return;
      oldest.clear();
      this.forget(oldest);
    }
  }

  forget(ring: FrameRing): void {
    this.#bytes -= this.#counted.get(ring) ?? 0;
    this.#counted.delete(ring);
  }
}
