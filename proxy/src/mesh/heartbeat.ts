import type { Clock, Random } from "../hub/ports.ts";

export interface HeartbeatDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly intervalMs: number;
  /** No proxy wrote the record lately: this one does. */
  readonly beat: () => void;
  /** Nothing was told live for three intervals. */
  readonly onSilence: () => void;
}

const jitter = 0.2;
const intervalsOfSilence = 3;

/**
 * The journal's heartbeat. Each proxy waits one interval and a random bit since the last beat of any,
 * so all together write about one an interval.
 */
export class Heartbeat {
  readonly #deps: HeartbeatDeps;
  #lastHeard = 0;
  #lastBeat = 0;
  #cancel: (() => void) | undefined;

  constructor(deps: HeartbeatDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#lastHeard = this.#deps.clock.now();
    this.#lastBeat = this.#lastHeard;
    this.#schedule();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** A beat of any proxy was told live. */
  heard(): void {
    this.#lastHeard = this.#deps.clock.now();
    this.#lastBeat = this.#lastHeard;
    if (this.#cancel !== undefined) this.#schedule();
  }

  #schedule(): void {
    this.#cancel?.();
    const { clock, random, intervalMs } = this.#deps;
    const wait = this.#lastBeat + intervalMs * (1 + random() * jitter) - clock.now();
    this.#cancel = clock.after(Math.max(0, wait), () => this.#due());
  }

  #due(): void {
    const { clock, intervalMs, beat, onSilence } = this.#deps;
    const now = clock.now();
    this.#lastBeat = now;
    this.#schedule();
    beat();
    if (now - this.#lastHeard < intervalMs * intervalsOfSilence) return;
    this.#lastHeard = now;
    onSilence();
  }
}
