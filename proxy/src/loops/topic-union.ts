import type { TopicId } from "../hub/event.ts";

/** Topics with streams on any of the loops, each counted once. */
export class TopicUnion {
  readonly #loops = new Map<number, Set<TopicId>>();
  /** Loops that have streams on the topic. */
  readonly #counts = new Map<TopicId, number>();

  get size(): number {
    return this.#counts.size;
  }

  /** The topic has streams on the loop, or none any more; saying it twice changes nothing. */
  set(loop: number, topicId: TopicId, listened: boolean): void {
    const topics = this.#loops.get(loop) ?? new Set();
    this.#loops.set(loop, topics);
    if (topics.has(topicId) === listened) return;
    if (listened) topics.add(topicId);
    else topics.delete(topicId);
    this.#add(topicId, listened ? 1 : -1);
  }

  /** The loop is gone with all its streams. */
  forget(loop: number): void {
    for (const topicId of this.#loops.get(loop) ?? []) this.#add(topicId, -1);
    this.#loops.delete(loop);
  }

  #add(topicId: TopicId, by: number): void {
    const count = (this.#counts.get(topicId) ?? 0) + by;
    if (count > 0) this.#counts.set(topicId, count);
    else this.#counts.delete(topicId);
  }
}
