import { LeanSet } from "./lean-set.ts";
import type { MergeItem } from "./merge-buffer.ts";

/** Somebody who merges a topic with others. */
export interface TopicListener {
  /** Its streams. */
  readonly size: number;
  /** Something of the topic, after what was handed over before; in a turn of its own or with more to come. */
  delivered(item: MergeItem): void;
  /** How far the topic is, or whether it is behind, may have changed. */
  changed(): void;
}

/** The merged channels that a topic belongs to. */
export class TopicListeners {
  readonly #all = new LeanSet<TopicListener>();

  add(listener: TopicListener): void {
    this.#all.add(listener);
  }

  remove(listener: TopicListener): void {
    this.#all.delete(listener);
  }

  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  /** Streams of all of them. */
  get streams(): number {
    let sum = 0;
    for (const { size } of this.#all) sum += size;
    return sum;
  }

  delivered(item: MergeItem): void {
    for (const listener of this.#all) listener.delivered(item);
  }

  changed(): void {
    if (!this.isEmpty) for (const listener of this.#all) listener.changed();
  }
}
