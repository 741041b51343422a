import type { TopicId } from "../../hub/event.ts";
import { BucketDigests, bucketCount, bucketOf } from "./bucket-digest.ts";

/** A topic and its open streams at one proxy; 0 = none any more. */
export type TopicCount = readonly [topicId: TopicId, count: number];

const nothing: ReadonlyMap<TopicId, number> = new Map();

/** Topics of one proxy with their counts, by bucket, and the digests that go with them. */
export class TopicTable {
  readonly #digests = new BucketDigests();
  readonly #buckets: (Map<TopicId, number> | undefined)[] = Array.from({ length: bucketCount });
  #size = 0;

  /** Topics with at least one stream. */
  get size(): number {
    return this.#size;
  }

  get digests(): BucketDigests {
    return this.#digests;
  }

  count(topicId: TopicId): number {
    return this.#buckets[bucketOf(topicId)]?.get(topicId) ?? 0;
  }

  bucket(index: number): ReadonlyMap<TopicId, number> {
    return this.#buckets[index] ?? nothing;
  }

  set(topicId: TopicId, count: number): void {
    const index = bucketOf(topicId);
    const bucket = this.#buckets[index] ?? new Map<TopicId, number>();
    const before = bucket.get(topicId) ?? 0;
    if (before === count) return;
    if (before > 0) this.#digests.toggle(topicId, before);
    if (count > 0) {
      this.#digests.toggle(topicId, count);
      bucket.set(topicId, count);
      this.#buckets[index] = bucket;
    } else bucket.delete(topicId);
    this.#size += (count > 0 ? 1 : 0) - (before > 0 ? 1 : 0);
    if (bucket.size === 0) this.#buckets[index] = undefined;
  }

  /** The bucket holds these topics and no others; those of other buckets are passed over. */
  replace(index: number, topics: readonly TopicCount[]): void {
    this.#size -= this.bucket(index).size;
    this.#buckets[index] = undefined;
    this.#digests.clear(index);
    for (const [topicId, count] of topics) if (bucketOf(topicId) === index) this.set(topicId, count);
  }

  clear(): void {
    for (let index = 0; index < bucketCount; index += 1) this.replace(index, []);
  }
}
