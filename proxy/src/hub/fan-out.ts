import type { Clock } from "./ports.ts";
import type { TopicStreams } from "./topic-streams.ts";

/** Writes what arrived in a turn at its end, topic after topic, a bounded number of streams a turn. */
export class FanOut {
  readonly #clock: Clock;
  readonly #streamsPerTurn: number;
  readonly #waiting = new Set<TopicStreams>();
  #scheduled = false;

  /** `streamsPerTurn`: so many streams are written, then others on the event loop get their turn. */
  constructor(clock: Clock, streamsPerTurn: number) {
    this.#clock = clock;
    this.#streamsPerTurn = streamsPerTurn;
  }

  /** `streams` have something new in their ring. */
  announce(streams: TopicStreams): void {
    if (streams.size === 0) return;
    this.#waiting.add(streams);
    this.#schedule();
  }

  forget(streams: TopicStreams): void {
    this.#waiting.delete(streams);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.endOfTurn(this.#turn);
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    let budget = this.#streamsPerTurn;
    for (const streams of this.#waiting) {
      if (budget <= 0) break;
      this.#waiting.delete(streams);
      budget -= streams.pass(budget);
      // Behind the others, so that one crowded topic does not hold them up.
      if (streams.passing) this.#waiting.add(streams);
    }
    if (this.#waiting.size > 0) this.#schedule();
  };
}
