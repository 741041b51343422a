import type { Scheduler } from "../kube/work-queue.ts";

/** What a write needs to be sent: asked in the very moment before its first byte leaves, and cut off by the signal. */
export interface WriteGrant {
  readonly permit: () => boolean;
  readonly signal: AbortSignal;
}

/** A write was wanted by an operator that does not lead, or leads no more. */
export class NotLeadingError extends Error {
  override readonly name = "NotLeadingError";
}

export interface FenceOptions {
  readonly scheduler: Scheduler;
  /** Writes may begin. */
  readonly onOpened: () => void;
  /** Writes may not begin any more and those under way were cut off. */
  readonly onClosed: () => void;
}

/**
 * Lets writes through until a moment of the monotonic clock. A process that was stopped meanwhile finds the fence
 * closed when it goes on, before its timers run. Suspension of the whole machine stops that clock: not covered.
 */
export class WriteFence {
  readonly #options: FenceOptions;
  #until = Number.NEGATIVE_INFINITY;
  #term = new AbortController();
  #cancelTimer: () => void = () => undefined;
  #underWay = 0;

  constructor(options: FenceOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#options.scheduler.now() < this.#until;
  }

  /** Writes that were let through and have no answer yet. */
  get writesUnderWay(): number {
    return this.#underWay;
  }

  /** Opens, or stays open, until `until`; a moment that has passed opens nothing. */
  openUntil(until: number): void {
    const { scheduler, onOpened } = this.#options;
    if (!this.isOpen) this.close();
    const now = scheduler.now();
    if (until <= now) return;
    const wasOpen = this.isOpen;
    this.#until = until;
    this.#cancelTimer();
    this.#cancelTimer = scheduler.after(until - now, () => this.close());
    if (wasOpen) return;
    this.#term = new AbortController();
    onOpened();
  }

  close(): void {
    if (this.#until === Number.NEGATIVE_INFINITY) return;
    this.#until = Number.NEGATIVE_INFINITY;
    this.#cancelTimer();
    this.#term.abort();
    this.#options.onClosed();
  }

  /** Runs one write; rejects with NotLeadingError when the fence is closed. */
  async guard<T>(write: (grant: WriteGrant) => Promise<T>): Promise<T> {
    if (!this.isOpen) throw new NotLeadingError("this operator does not lead: nothing was written");
    const { signal } = this.#term;
    this.#underWay += 1;
    try {
      return await write({ signal, permit: () => !signal.aborted && this.isOpen });
    } finally {
      this.#underWay -= 1;
    }
  }
}
