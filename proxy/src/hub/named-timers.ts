import type { Clock } from "./ports.ts";

/** Timers of which there is at most one of each name. */
export class NamedTimers<Name extends string> {
  readonly #clock: Clock;
  /** Most of the time none runs, of none of very many topics. */
  #running: Map<Name, () => void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isRunning(name: Name): boolean {
    return this.#running?.has(name) ?? false;
  }

  /** In place of one that is running. */
  start(name: Name, ms: number, action: () => void): void {
    this.cancel(name);
    const cancel = this.#clock.after(ms, () => {
      this.#forget(name);
      action();
    });
    this.#running ??= new Map();
    this.#running.set(name, cancel);
  }

  cancel(name: Name): void {
    this.#running?.get(name)?.();
    this.#forget(name);
  }

  cancelAll(): void {
    for (const cancel of this.#running?.values() ?? []) cancel();
    this.#running = undefined;
  }

  #forget(name: Name): void {
    this.#running?.delete(name);
    if (this.#running?.size === 0) this.#running = undefined;
  }
}
