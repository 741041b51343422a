import type { Clock } from "./ports.ts";

/** How long something has failed and not once succeeded. Waiting for a turn is no failure. */
export class Failing {
  readonly #clock: Pick<Clock, "now">;
  #first: number | undefined;
  #last = 0;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Milliseconds between the first and the last failure. */
  get forMs(): number {
    return this.#first === undefined ? 0 : this.#last - this.#first;
  }

  failed(): void {
    this.#last = this.#clock.now();
    this.#first ??= this.#last;
  }

  /** It succeeded, or why it failed says nothing any more. */
  over(): void {
    this.#first = undefined;
  }
}
