import type { Clock, HubMetrics } from "./ports.ts";

/** Counts what one turn sends and hands it to the metrics once, not once per stream. */
export class SentTally {
  readonly #clock: Clock;
  readonly #metrics: HubMetrics;
  #messages = 0;
  #bytes = 0;

  constructor(clock: Clock, metrics: HubMetrics) {
    this.#clock = clock;
    this.#metrics = metrics;
  }

  add(messages: number, bytes: number): void {
    if (this.#bytes === 0) this.#clock.endOfTurn(this.#flush);
    this.#messages += messages;
    this.#bytes += bytes;
  }

  readonly #flush = (): void => {
    this.#metrics.sent(this.#messages, this.#bytes);
    this.#messages = 0;
    this.#bytes = 0;
  };
}
