import type { Clock } from "../hub/ports.ts";

/** Milliseconds between two looks, and so by how much one may be late. */
const lookMs = 25;

/** What is to be done by a time. */
export interface Due {
  /** The time is over. Called once at most. */
  late(): void;
}

/** One timer for all that is under way: a timer of its own costs a call more than to be looked at now and then. */
export class Deadlines {
  readonly #clock: Pick<Clock, "now" | "after">;
  readonly #due = new Map<Due, number>();
  #looking = false;

  constructor(clock: Pick<Clock, "now" | "after">) {
    this.#clock = clock;
  }

  /** `ms` from now. */
  add(due: Due, ms: number): void {
    this.#due.set(due, this.#clock.now() + ms);
    if (!this.#looking) this.#lookLater();
  }

  /** It was done in time. */
  met(due: Due): void {
    this.#due.delete(due);
  }

  #lookLater(): void {
    this.#looking = true;
    this.#clock.after(lookMs, () => this.#look());
  }

  #look(): void {
    this.#looking = false;
    const now = this.#clock.now();
    for (const [due, by] of this.#due) {
      if (by > now) continue;
      this.#due.delete(due);
      due.late();
    }
    if (this.#due.size > 0) this.#lookLater();
  }
}
