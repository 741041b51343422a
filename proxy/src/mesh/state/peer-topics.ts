import type { TopicId } from "../../hub/event.ts";
import { bucketCount, bucketOf } from "./bucket-digest.ts";
import type { Delta, Snapshot, TopicDigest } from "./state-message.ts";
import { type TopicCount, TopicTable } from "./topic-table.ts";

/** A peer that had too many topics must have so many fewer before they are held again. */
const roomBeforeReturn = 0.9;

/** `held`: its topics are known. `behind`: some of them are being asked for. `counted`: too many to be held. */
export type Knowledge = "held" | "behind" | "counted";

/**
 * What is known of the topics of one peer process. Each bucket is known as of a version of the peer; what is older
 * changes nothing, and what is newer counts only where nothing before it is missing.
 */
export class PeerTopics {
  readonly #mostTopics: number;
  readonly #table = new TopicTable();
  /** Version of the peer as of which each bucket is known. */
  readonly #knownTo = new Float64Array(bucketCount);
  /** Buckets known to differ from the peer's. All at first: nothing has been compared. */
  readonly #behind = new Set<number>(Array.from({ length: bucketCount }, (_, bucket) => bucket));
  #counted = false;

  constructor(mostTopics: number) {
    this.#mostTopics = mostTopics;
  }

  get knowledge(): Knowledge {
    if (this.#counted) return "counted";
    return this.#behind.size === 0 ? "held" : "behind";
  }

  /** Topics in memory. */
  get size(): number {
    return this.#table.size;
  }

  /** Streams of the peer on the topic; undefined where that is not known here. */
  count(topicId: TopicId): number | undefined {
    if (this.#counted || this.#behind.has(bucketOf(topicId))) return undefined;
    return this.#table.count(topicId);
  }

  /** Compares with what the peer says of itself; returns the buckets to ask for. */
  compare({ version, digests }: TopicDigest, topics: number): readonly number[] {
    this.#bound(topics);
    if (this.#counted) return [];
    const wanted: number[] = [];
    for (let bucket = 0; bucket < bucketCount; bucket += 1) {
      if (this.#knownAt(bucket) > version) continue;
      if (this.#table.digests.equals(digests, bucket)) this.#learned(bucket, version);
      else {
        this.#behind.add(bucket);
        wanted.push(bucket);
      }
    }
    return wanted;
  }

  delta({ from, changes }: Delta): void {
    if (this.#counted) return;
    for (const [index, [topicId, count]] of changes.entries()) this.#change(topicId, count, from, from + index + 1);
    const to = from + changes.length;
    for (let bucket = 0; bucket < bucketCount; bucket += 1)
      if (this.#knownAt(bucket) >= from) this.#knownTo[bucket] = Math.max(this.#knownAt(bucket), to);
    this.#bound(this.#table.size);
  }

  snapshot({ version, buckets }: Snapshot): void {
    if (this.#counted) return;
    for (const { bucket, topics } of buckets) {
      if (topics === undefined || this.#knownAt(bucket) > version) continue;
      this.#replace(bucket, topics, version);
    }
    this.#bound(this.#table.size);
  }

  #change(topicId: TopicId, count: number, from: number, version: number): void {
    const bucket = bucketOf(topicId);
    const known = this.#knownAt(bucket);
    if (known >= version) return;
    if (known < from) this.#behind.add(bucket);
    else this.#table.set(topicId, count);
  }

  #replace(bucket: number, topics: readonly TopicCount[], version: number): void {
    this.#table.replace(bucket, topics);
    this.#learned(bucket, version);
  }

  #learned(bucket: number, version: number): void {
    this.#knownTo[bucket] = version;
    this.#behind.delete(bucket);
  }

  #knownAt(bucket: number): number {
    return this.#knownTo[bucket] ?? 0;
  }

  /** Lets go of all topics when there are too many. */
  #bound(topics: number): void {
    if (this.#counted) this.#counted = topics > this.#mostTopics * roomBeforeReturn;
    else if (topics > this.#mostTopics) this.#letGo();
  }

  #letGo(): void {
    this.#counted = true;
    this.#table.clear();
    this.#knownTo.fill(0);
    for (let bucket = 0; bucket < bucketCount; bucket += 1) this.#behind.add(bucket);
  }
}
