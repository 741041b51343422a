import type { Clock } from "../hub/ports.ts";

/** A connection whose client takes nothing of what waits for it. */
export interface Stalled {
  /** Offers the client the least there is, so that the HTTP engine's own time-out begins anew. */
  nudge(): void;
  /** Ends the connection at once. */
  cut(): void;
}

/** Milliseconds between two looks. */
const lookMs = 1_000;
/** Looks from one nudge to the next: well within the 8 s after which uWebSockets.js may end a connection by itself. */
const looksPerNudge = 3;

export interface StallWatchParts {
  readonly clock: Pick<Clock, "now" | "after">;
  /** Milliseconds without progress after which a connection is cut. */
  readonly patienceMs: () => number;
}

/** Keeps stalled connections open for as long as the configuration says, and no longer. */
export class StallWatch {
  readonly #parts: StallWatchParts;
  readonly #since = new Map<Stalled, number>();
  #looking = false;
  #looks = 0;

  constructor(parts: StallWatchParts) {
    this.#parts = parts;
  }

  /** The connection is full from now on; called again, it has made progress and is full again. */
  began(stalled: Stalled): void {
    this.#since.set(stalled, this.#parts.clock.now());
    if (!this.#looking) this.#lookLater();
  }

  /** The connection takes bytes again, or is gone. */
  ended(stalled: Stalled): void {
    this.#since.delete(stalled);
  }

  #lookLater(): void {
    this.#looking = true;
    this.#parts.clock.after(lookMs, () => this.#look());
  }

  #look(): void {
    const { clock, patienceMs } = this.#parts;
    const cutBefore = clock.now() - patienceMs();
    this.#looks = (this.#looks + 1) % looksPerNudge;
    for (const [stalled, since] of [...this.#since]) {
      if (since <= cutBefore) stalled.cut();
      else if (this.#looks === 0) stalled.nudge();
    }
    this.#looking = false;
    if (this.#since.size > 0) this.#lookLater();
  }
}
