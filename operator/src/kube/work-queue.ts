/** Time and chance as the queue and the watches need them. */
export interface Scheduler {
  /** Milliseconds; only differences count. */
  now(): number;
  /** Calls `run` once after `ms`; the answer cancels it. */
  after(ms: number, run: () => void): () => void;
  /** 0 to 1, 1 excluded. */
  random(): number;
}

/** What a worker says of a key: finished, look again in a while, or try again with back-off. */
export type WorkResult =
  | { readonly kind: "done" }
  | { readonly kind: "retry-after"; readonly seconds: number }
  | { readonly kind: "failed" };

export interface WorkQueueOptions {
  readonly scheduler: Scheduler;
  /** Never rejects for an expected fault; a rejection counts as failed. */
  readonly work: (key: string) => Promise<WorkResult>;
  /** Told of rejections: they are bugs. */
  readonly onRejected: (key: string, error: unknown) => void;
  readonly maxConcurrent: number;
  readonly observer?: QueueObserver;
}

/** Told of what happens in a queue, for its metrics. */
export interface QueueObserver {
  /** A key came that did not wait already. */
  added(): void;
  /** A failed key is tried again. */
  retried(): void;
  /** A worker takes a key that waited for one this long; delays that were asked for do not count. */
  taken(waitedMs: number): void;
}

const FIRST_BACKOFF_MS = 1_000;
const LAST_BACKOFF_MS = 300_000;

/** Half to all of the exponential delay, so that keys that failed together do not come back together. */
export const backoffMs = (
  failures: number,
  random: number,
  limits = { first: FIRST_BACKOFF_MS, last: LAST_BACKOFF_MS },
): number => {
  const full = Math.min(limits.last, limits.first * 2 ** Math.min(failures - 1, 30));
  return full / 2 + (random * full) / 2;
};

/** 90 to 100 % of a delay, so that keys that were added together drift apart. */
const spread = (ms: number, random: number): number => ms * (0.9 + 0.1 * random);

/** Keys to work on: each at most once in the queue, at most one worker a key, `maxConcurrent` in all. */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  /** By key, since when. */
  readonly #waiting = new Map<string, number>();
  readonly #running = new Map<string, number>();
  readonly #dirty = new Set<string>();
  readonly #timers = new Map<string, () => void>();
  readonly #failures = new Map<string, number>();
  #stopped = false;
  #onIdle: (() => void) | undefined;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Keys that wait for a worker. */
  get depth(): number {
    return this.#waiting.size + this.#dirty.size;
  }

  /** Milliseconds that the longest running worker has taken; 0 when none runs. */
  get longestRunningMs(): number {
    const now = this.#options.scheduler.now();
    return Math.max(0, ...[...this.#running.values()].map((since) => now - since));
  }

  /** Works on the key as soon as a worker is free; while it is being worked on, once more after that. */
  add(key: string): void {
    if (this.#stopped) return;
    this.#cancelTimer(key);
    if (!this.#waiting.has(key) && !this.#dirty.has(key)) this.#options.observer?.added();
    if (this.#running.has(key)) this.#dirty.add(key);
    else this.#wait(key);
    this.#fill();
  }

  /** As `add`, after a delay; replaces an earlier delay of the same key. */
  addAfter(key: string, ms: number): void {
    if (this.#stopped) return;
    this.#cancelTimer(key);
    this.#timers.set(
      key,
      this.#options.scheduler.after(ms, () => this.add(key)),
    );
  }

  /** Forgets all keys that wait, their delays and failures; workers that run go on. */
  clear(): void {
    for (const key of [...this.#timers.keys()]) this.#cancelTimer(key);
    this.#waiting.clear();
    this.#dirty.clear();
    this.#failures.clear();
  }

  /** Takes no more keys; resolves when the workers that run have ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.clear();
    if (this.#running.size > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }

  #wait(key: string): void {
    if (!this.#waiting.has(key)) this.#waiting.set(key, this.#options.scheduler.now());
  }

  #cancelTimer(key: string): void {
    this.#timers.get(key)?.();
    this.#timers.delete(key);
  }

  #fill(): void {
    for (const [key, since] of this.#waiting) {
      if (this.#running.size >= this.#options.maxConcurrent) return;
      const now = this.#options.scheduler.now();
      this.#waiting.delete(key);
      this.#running.set(key, now);
      this.#options.observer?.taken(now - since);
      void this.#run(key);
    }
  }

  async #run(key: string): Promise<void> {
    const result = await this.#attempt(key);
    this.#running.delete(key);
    if (this.#running.size === 0) this.#onIdle?.();
    if (this.#stopped) return;
    this.#settle(key, result);
    this.#fill();
  }

  async #attempt(key: string): Promise<WorkResult> {
    try {
      return await this.#options.work(key);
    } catch (error) {
      this.#options.onRejected(key, error);
      return { kind: "failed" };
    }
  }

  #settle(key: string, result: WorkResult): void {
    if (result.kind === "failed") this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1);
    else this.#failures.delete(key);
    if (result.kind === "failed") this.#options.observer?.retried();
    if (this.#dirty.delete(key)) this.#wait(key);
    else if (result.kind === "retry-after")
      this.addAfter(key, spread(result.seconds * 1_000, this.#options.scheduler.random()));
    else if (result.kind === "failed") this.addAfter(key, this.#backoff(key));
  }

  #backoff(key: string): number {
    return backoffMs(this.#failures.get(key) ?? 1, this.#options.scheduler.random());
  }
}
