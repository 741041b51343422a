import type { TopicId } from "../../hub/event.ts";

/**
 * Topics are compared in so many groups, whatever their number: a heartbeat costs the same for ten topics and for a
 * hundred thousand. Part of the protocol: every proxy must use the same number.
 */
export const bucketCount = 128;

/** The group of a topic: the first seven bits of its id. */
export const bucketOf = (topicId: TopicId): number => Number.parseInt(topicId.slice(0, 2), 16) >> 1;

const wordsPerDigest = 2;

/** Murmur3's finisher: every bit of the input changes half of the output's. */
const mixed = (word: number): number => {
  const a = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  const b = Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  return b ^ (b >>> 16);
};

const wordOf = (topicId: TopicId, index: number): number =>
  Number.parseInt(topicId.slice(index * 8, index * 8 + 8), 16) | 0;

/**
 * One digest of 64 bits a bucket: the exclusive or of its topics with their counts, so that a change costs the same
 * for a bucket of any size, and the order of changes does not matter.
 */
export class BucketDigests {
  readonly #words: Uint32Array;

  constructor(words: Uint32Array = new Uint32Array(bucketCount * wordsPerDigest)) {
    if (words.length !== bucketCount * wordsPerDigest) throw new RangeError("digests of another number of buckets");
    this.#words = words;
  }

  /** Puts a topic with its count in, or takes the same out again. */
  toggle(topicId: TopicId, count: number): void {
    const at = bucketOf(topicId) * wordsPerDigest;
    const first = mixed(wordOf(topicId, 0) ^ mixed(wordOf(topicId, 1) + count));
    const second = mixed(wordOf(topicId, 2) ^ mixed(wordOf(topicId, 3) - count));
    this.#words[at] = (this.#words[at] ?? 0) ^ first;
    this.#words[at + 1] = (this.#words[at + 1] ?? 0) ^ second;
  }

  equals(other: BucketDigests, bucket: number): boolean {
    const at = bucket * wordsPerDigest;
    return this.#words[at] === other.#words[at] && this.#words[at + 1] === other.#words[at + 1];
  }

  clear(bucket: number): void {
    this.#words.fill(0, bucket * wordsPerDigest, (bucket + 1) * wordsPerDigest);
  }

  /** As they are now; later changes do not reach it. */
  copy(): BucketDigests {
    return new BucketDigests(this.#words.slice());
  }

  /** Base64 of the words, least byte first. */
  toText(): string {
    const bytes = Buffer.alloc(this.#words.length * 4);
    for (const [index, word] of this.#words.entries()) bytes.writeUInt32LE(word, index * 4);
    return bytes.toString("base64");
  }
}

/** Undefined for anything but the digests of this number of buckets. */
export const parseDigests = (text: unknown): BucketDigests | undefined => {
  if (typeof text !== "string") return undefined;
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== bucketCount * wordsPerDigest * 4) return undefined;
  return new BucketDigests(Uint32Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32LE(index * 4)));
};
