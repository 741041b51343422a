const capMs = 8_000;
const factor = 4;
/** Weight of the newest answer. */
const gain = 0.25;

/**
 * How long an answer is waited for, by how long the last ones took. A server that is late because it has much to do would
 * only be given more by asking again; one that is gone costs a wait, until another one answers.
 */
export class ReadPatience {
  #smoothMs = 0;
  /** Without an answer it doubles with each wait that was in vain. */
  #inVain = 1;

  /** Milliseconds, `leastMs` to 8 s. */
  waitMs(leastMs: number): number {
    return Math.min(Math.max(leastMs, this.#smoothMs * factor) * this.#inVain, Math.max(leastMs, capMs));
  }

  answered(afterMs: number): void {
    this.#smoothMs += (afterMs - this.#smoothMs) * gain;
    this.#inVain = 1;
  }

  /** Of many questions asked at once all may be given up: only those of the present length count. */
  gaveUp(waitedMs: number, leastMs: number): void {
    if (waitedMs >= this.waitMs(leastMs)) this.#inVain *= 2;
  }
}
