import type { Clock } from "../hub/ports.ts";

/** A connection whose client takes nothing of what waits for it, or may do so. */
export interface Stalled {
  /** Offers the client the least there is, so that the HTTP engine's own time-out begins anew. */
  nudge(): void;
  /** Ends the connection at once. */
  cut(): void;
  /** Begins the HTTP engine's own time-out anew, and has the engine tell when there is room. */
  hold(): void;
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

/**
 * Keeps stalled connections open for as long as the configuration says, and no longer; and finds those that stall behind
 * their last write.
 */
export class StallWatch {
  readonly #parts: StallWatchParts;
  readonly #since = new Map<Stalled, number>();
  readonly #doubted = new Set<Stalled>();
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

  /** The connection takes bytes again. */
  ended(stalled: Stalled): void {
    this.#since.delete(stalled);
  }

  /** Whether all that was written has left is not known, so the engine may end the connection. */
  doubted(stalled: Stalled): void {
    this.#doubted.add(stalled);
    if (!this.#looking) this.#lookLater();
  }

  /** All that was written has left. */
  trusted(stalled: Stalled): void {
    this.#doubted.delete(stalled);
  }

  gone(stalled: Stalled): void {
    this.#since.delete(stalled);
    this.#doubted.delete(stalled);
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
    if (this.#looks === 0) for (const doubted of [...this.#doubted]) doubted.hold();
    this.#looking = false;
    if (this.#since.size > 0 || this.#doubted.size > 0) this.#lookLater();
  }
}
