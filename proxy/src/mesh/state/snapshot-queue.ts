import type { OwnTopics } from "./own-topics.ts";
import type { Outgoing } from "./state-message.ts";

/** Processes that may wait for buckets at once; a further one asks again after its next heartbeat. */
const mostAskers = 1_000;

/** Who wants which buckets of this proxy. Served in turn, a message at a time, so that one asker does not hold up others. */
export class SnapshotQueue {
  readonly #wanted = new Map<string, Set<number>>();

  get isEmpty(): boolean {
    return this.#wanted.size === 0;
  }

  ask(life: string, buckets: readonly number[]): void {
    const waiting = this.#wanted.get(life);
    if (waiting === undefined && this.#wanted.size >= mostAskers) return;
    const wanted = waiting ?? new Set<number>();
    for (const bucket of buckets) wanted.add(bucket);
    if (wanted.size > 0) this.#wanted.set(life, wanted);
  }

  /** The next message, made of what is told by now. */
  next(own: OwnTopics): Outgoing | undefined {
    const [first] = this.#wanted;
    if (first === undefined) return undefined;
    const [life, buckets] = first;
    const message = own.snapshot(buckets);
    this.#wanted.delete(life);
    if (buckets.size > 0) this.#wanted.set(life, buckets);
    return { to: life, message };
  }
}
