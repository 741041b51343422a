import type { Scheduler } from "../kube/work-queue.ts";
import type { SeenLease } from "./election.ts";
import {
  claim,
  type ElectionTimes,
  type LeaseRecord,
  moveOf,
  type Observation,
  observe,
  surrender,
} from "./election.ts";

/** The Lease in the API server. Both reject when there is no answer. */
export interface LeasePort {
  /** Undefined: there is none. */
  read(signal: AbortSignal): Promise<SeenLease | undefined>;
  /** Creates it without `version`. Undefined: somebody else wrote it meanwhile. */
  write(record: LeaseRecord, version: string | undefined, signal: AbortSignal): Promise<SeenLease | undefined>;
}

export interface ElectorOptions {
  readonly lease: LeasePort;
  /** Of this process alone: a restarted one must not take itself for its predecessor. */
  readonly identity: string;
  readonly times: ElectionTimes;
  readonly scheduler: Scheduler;
  readonly wallClock: () => Date;
  /** The Lease is ours, and writes are safe until this moment of the monotonic clock. */
  readonly onHeld: (until: number) => void;
  /** The Lease says that another one holds it. */
  readonly onLost: () => void;
  readonly onFailed: (error: unknown) => void;
}

/** Holds the Lease, or waits for it, until it is stopped. */
export class Elector {
  readonly #options: ElectorOptions;
  readonly #abort = new AbortController();
  #seen: Observation | undefined;
  #lastTurnAt: number;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: ElectorOptions) {
    this.#options = options;
    this.#lastTurnAt = options.scheduler.now();
  }

  /** Milliseconds since the last attempt ended, well or badly; it grows only when the loop is stuck. */
  get lastTurnAgeMs(): number {
    return this.#options.scheduler.now() - this.#lastTurnAt;
  }

  /** Who holds the Lease as last seen; empty: nobody. */
  get holder(): string {
    return this.#seen?.lease?.record.holder ?? "";
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Ends the attempts; the Lease stays as it is. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#loop;
  }

  /** After `stop`: gives the Lease up, so that another one need not wait. Only with no write under way. */
  async release(): Promise<void> {
    const { lease, identity, wallClock, times } = this.#options;
    const held = this.#seen?.lease;
    if (held?.record.holder !== identity) return;
    await this.#limited(times.retryMs, undefined, (signal) =>
      lease.write(surrender(held.record, wallClock()), held.version, signal),
    );
  }

  async #run(): Promise<void> {
    const { times, scheduler, onFailed } = this.#options;
    while (!this.#abort.signal.aborted) {
      try {
        await this.#limited(times.renewDeadlineMs / 2, this.#abort.signal, (signal) => this.#attempt(signal));
      } catch (error) {
        if (!this.#abort.signal.aborted) onFailed(error);
      }
      this.#lastTurnAt = scheduler.now();
      await this.#pause(times.retryMs * (0.8 + 0.2 * scheduler.random()));
    }
  }

  async #attempt(signal: AbortSignal): Promise<void> {
    const { lease, identity, scheduler } = this.#options;
    // A holder writes over what it wrote last: one call instead of two.
    if (this.#seen?.lease?.record.holder === identity && (await this.#write(signal))) return;
    const found = await lease.read(signal);
    const seen = observe(this.#seen, found, scheduler.now());
    this.#seen = seen;
    if (found !== undefined && found.record.holder !== identity) this.#options.onLost();
    if (moveOf(seen, identity, scheduler.now()) !== "wait") await this.#write(signal);
  }

  /** Answers whether it holds the Lease now. */
  async #write(signal: AbortSignal): Promise<boolean> {
    const { lease, identity, times, scheduler, wallClock, onHeld } = this.#options;
    const before = this.#seen?.lease;
    // The server may store it at any time after this one, and others count from when they see it: the earliest is safe.
    const startedAt = scheduler.now();
    const record = claim(before?.record, identity, { leaseMs: times.leaseMs, wallClock: wallClock() });
    const written = await lease.write(record, before?.version, signal);
    if (written === undefined) return false;
    this.#seen = observe(this.#seen, written, scheduler.now());
    if (!this.#abort.signal.aborted) onHeld(startedAt + times.renewDeadlineMs);
    return true;
  }

  async #limited<T>(ms: number, stop: AbortSignal | undefined, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = new AbortController();
    const end = () => limit.abort();
    const cancel = this.#options.scheduler.after(ms, end);
    stop?.addEventListener("abort", end, { once: true });
    try {
      return await call(limit.signal);
    } finally {
      cancel();
      stop?.removeEventListener("abort", end);
    }
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#abort;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#options.scheduler.after(ms, () => {
        signal.removeEventListener("abort", stopped);
        resolve();
      });
      const stopped = () => {
        cancel();
        resolve();
      };
      signal.addEventListener("abort", stopped, { once: true });
    });
  }
}
