import type { TopicId } from "../../hub/event.ts";
import type { Delta, Snapshot, TopicDigest } from "./state-message.ts";
import { type TopicCount, TopicTable } from "./topic-table.ts";

export interface OwnTopicsDeps {
  readonly life: string;
  /** Open streams of this proxy on the topic. */
  readonly subscribers: (topicId: TopicId) => number;
  /** Most topics in one message. */
  readonly mostChanges: number;
}

/** Topics of one bucket that fit into a message with room to spare: more are not told, and asked for one by one. */
export const mostInBucket = 8_192;

/** The topics of this proxy as it has told them to the others. */
export class OwnTopics {
  readonly #deps: OwnTopicsDeps;
  readonly #told = new TopicTable();
  readonly #changed = new Set<TopicId>();
  #version = 0;

  constructor(deps: OwnTopicsDeps) {
    this.#deps = deps;
  }

  /** Topics with at least one stream, as told. */
  get size(): number {
    return this.#told.size;
  }

  /** Topics that may have changed since the last `flush`. */
  get waiting(): number {
    return this.#changed.size;
  }

  changed(topicId: TopicId): void {
    this.#changed.add(topicId);
  }

  /** What has changed since the last time; from then on it counts as told. */
  flush(): readonly Delta[] {
    const { life, subscribers, mostChanges } = this.#deps;
    const changes: TopicCount[] = [];
    for (const topicId of this.#changed) {
      const count = subscribers(topicId);
      if (count === this.#told.count(topicId)) continue;
      this.#told.set(topicId, count);
      changes.push([topicId, count]);
    }
    this.#changed.clear();
    const deltas: Delta[] = [];
    for (let done = 0; done < changes.length; done += mostChanges) {
      const part = changes.slice(done, done + mostChanges);
      deltas.push({ kind: "delta", life, from: this.#version, changes: part });
      this.#version += part.length;
    }
    return deltas;
  }

  /** As told. */
  digest(): TopicDigest {
    return { version: this.#version, digests: this.#told.digests.copy() };
  }

  /** As many of these buckets as fit into a message, the first in any case; takes them out of the set. */
  snapshot(buckets: Set<number>): Snapshot {
    const { life, mostChanges } = this.#deps;
    const found: Snapshot["buckets"][number][] = [];
    let sum = 0;
    for (const bucket of buckets) {
      const { size } = this.#told.bucket(bucket);
      const told = size > mostInBucket ? 0 : size;
      if (found.length > 0 && sum + told > mostChanges) break;
      sum += told;
      found.push({ bucket, topics: size > mostInBucket ? undefined : [...this.#told.bucket(bucket)] });
      buckets.delete(bucket);
    }
    return { kind: "snapshot", life, version: this.#version, buckets: found };
  }
}
