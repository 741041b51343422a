import type { Clock } from "./ports.ts";
import type { TopicStreams } from "./topic-streams.ts";

export interface FanOutSettings {
  /** So many streams are written, then others on the event loop get their turn. */
  readonly streamsPerTurn: number;
  /** Milliseconds within which a socket gets one write of all that came; 0: a turn of the event loop. */
  readonly windowMs: () => number;
}

/** Others on the event loop wait no longer than this and a slice of `streamsPerTurn`. */
const longestTurnMs = 250;

/**
 * Writes what arrived in a turn at its end, topic after topic, a bounded number of streams a turn. With a window, what
 * comes after a quiet one is written at once, and what comes within it when it ends.
 */
export class FanOut {
  readonly #clock: Clock;
  readonly #settings: FanOutSettings;
  /** In order; who is no longer `announced` was written or forgotten since. */
  #waiting: TopicStreams[] = [];
  #scheduled = false;
  /** Before the end of the window. */
  #cancelTimer: (() => void) | undefined;
  #beganAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, settings: FanOutSettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** `streams` have something new in their ring. */
  announce(streams: TopicStreams): void {
    if (streams.size === 0) return;
    this.#enqueue(streams);
    // Who is not written before the ring is full would have to read the journal.
    if (streams.ringFills) this.#endTurn();
    else this.#schedule();
  }

  forget(streams: TopicStreams): void {
    streams.announced = false;
  }

  stop(): void {
    this.#waiting = [];
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #enqueue(streams: TopicStreams): void {
    if (streams.announced) return;
    streams.announced = true;
    this.#waiting.push(streams);
  }

  #schedule(): void {
    if (this.#scheduled || this.#cancelTimer !== undefined) return;
    const windowMs = this.#settings.windowMs();
    // A clock that was set back must not make anybody wait longer.
    const left = windowMs > 0 ? Math.min(windowMs, this.#beganAt + windowMs - this.#clock.now()) : 0;
    if (left <= 0) this.#endTurn();
    else this.#cancelTimer = this.#clock.after(left, this.#begin);
  }

  #endTurn(): void {
    if (this.#scheduled) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#scheduled = true;
    this.#clock.endOfTurn(this.#begin);
  }

  readonly #begin = (): void => {
    this.#cancelTimer = undefined;
    this.#beganAt = this.#clock.now();
    this.#turn();
  };

  readonly #turn = (): void => {
    this.#scheduled = false;
    let budget = this.#settings.streamsPerTurn;
    let visited = 0;
    for (const streams of this.#waiting) {
      if (budget <= 0) break;
      visited += 1;
      if (!streams.announced) continue;
      streams.announced = false;
      budget -= this.#write(streams, budget);
      // Behind the others, so that one crowded topic does not hold them up.
      if (streams.passing) this.#enqueue(streams);
    }
    this.#waiting = this.#waiting.slice(visited);
    if (this.#waiting.length === 0) return;
    this.#scheduled = true;
    this.#clock.endOfTurn(this.#waiting[0]?.ringFills === true ? this.#turn : this.#later);
  };

  /** A turn between two slices: what came during the first, and is due at the end of its turn, does not wait for the second too. */
  readonly #later = (): void => this.#clock.endOfTurn(this.#turn);

  /**
   * While the ring fills, all streams get a write before this event loop takes what is published over it: streams that lose
   * the ring read the journal, which costs more and would put them further behind.
   */
  #write(streams: TopicStreams, budget: number): number {
    let visited = streams.pass(budget);
    if (!streams.ringFills) return visited;
    const end = this.#clock.now() + longestTurnMs;
    while (streams.passing && visited < streams.size && streams.ringFills && this.#clock.now() < end)
      visited += streams.pass(budget);
    return visited;
  }
}
