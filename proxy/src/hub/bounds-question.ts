import type { Journal, JournalBounds } from "./ports.ts";

/** Asks where the journal begins and ends: one question at a time, and one more for all who ask while it is under way. */
export class BoundsQuestion {
  readonly #journal: Pick<Journal, "bounds">;
  #running: Promise<JournalBounds> | undefined;
  #next: Promise<JournalBounds> | undefined;

  constructor(journal: Pick<Journal, "bounds">) {
    this.#journal = journal;
  }

  /** The answer was asked for after this call. Rejects with `JournalUnavailable`. */
  ask(): Promise<JournalBounds> {
    if (this.#running === undefined) return this.#begin();
    const begin = (): Promise<JournalBounds> => this.#begin();
    this.#next ??= this.#running.then(begin, begin);
    return this.#next;
  }

  #begin(): Promise<JournalBounds> {
    const asked = this.#journal.bounds();
    const over = (): void => {
      if (this.#running === asked) this.#running = undefined;
    };
    this.#next = undefined;
    this.#running = asked;
    asked.then(over, over);
    return asked;
  }
}
