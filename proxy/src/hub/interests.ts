import type { TopicId } from "./event.ts";
import type { FrameEncoding } from "./frame-encoding.ts";
import type { MergeLimits } from "./merge-buffer.ts";
import { MergedChannel } from "./merged-channel.ts";
import type { TopicRef } from "./past.ts";
import type { EpochChange } from "./ports.ts";
import type { SharedByTopics } from "./shared-by-topics.ts";
import { TopicFollower } from "./topic-follower.ts";

/** What streams may listen to. */
export interface Interest {
  /** At least one, each once. */
  readonly topics: readonly TopicRef[];
  readonly encoding: FrameEncoding;
}

const keyOf = ({ topics, encoding }: Interest): string => `${encoding} ${topics.map(({ topicId }) => topicId).sort()}`;

/** The topics that are followed, and the sets of them that are merged. */
export class Interests {
  readonly #shared: () => SharedByTopics;
  readonly #mergeLimits: MergeLimits;
  readonly #followers = new Map<TopicId, TopicFollower>();
  readonly #channels = new Map<string, MergedChannel>();
  readonly #listenedTo = new Set<TopicId>();

  constructor(shared: () => SharedByTopics, limits: MergeLimits) {
    this.#shared = shared;
    this.#mergeLimits = limits;
  }

  get followers(): Iterable<TopicFollower> {
    return this.#followers.values();
  }

  /** Topics with at least one stream. */
  get listenedTo(): number {
    return this.#listenedTo.size;
  }

  /** A stream has come to the topic or left it. */
  audienceChanged(topicId: TopicId): void {
    if ((this.#followers.get(topicId)?.listening ?? 0) > 0) this.#listenedTo.add(topicId);
    else this.#listenedTo.delete(topicId);
  }

  /** All who serve streams. */
  *audiences(): Iterable<TopicFollower | MergedChannel> {
    yield* this.#followers.values();
    yield* this.#channels.values();
  }

  follower(topicId: TopicId): TopicFollower | undefined {
    return this.#followers.get(topicId);
  }

  /** Whether so many topics suffice to serve this interest with what is followed already. */
  fitsIn(maxTopics: number, { topics }: Interest): boolean {
    const more = topics.reduce((sum, { topicId }) => (this.#followers.has(topicId) ? sum : sum + 1), 0);
    return more === 0 || this.#followers.size + more <= maxTopics;
  }

  /** Who serves streams of this interest; it is made and started where there is none. */
  of(interest: Interest): TopicFollower | MergedChannel {
    const [first] = interest.topics;
    if (first === undefined) throw new RangeError("a stream needs a topic");
    if (interest.topics.length === 1 && interest.encoding === "plain") return this.#follow(first);
    return this.#merge(interest);
  }

  disconnected(): void {
    for (const follower of this.#followers.values()) follower.disconnected();
  }

  reconnected(): void {
    for (const follower of this.#followers.values()) follower.reconnected();
  }

  doubt(): void {
    for (const follower of this.#followers.values()) follower.doubt();
  }

  epochChanged(oldEpoch: number, change: EpochChange): void {
    for (const follower of this.#followers.values()) follower.epochChanged(oldEpoch, change);
    for (const channel of this.#channels.values()) channel.epochChanged(oldEpoch, change);
  }

  stop(): void {
    for (const channel of this.#channels.values()) channel.stop();
    for (const follower of this.#followers.values()) follower.stop();
    this.#channels.clear();
    this.#followers.clear();
  }

  #follow({ topic, topicId }: TopicRef): TopicFollower {
    const followed = this.#followers.get(topicId);
    if (followed !== undefined) return followed;
    const follower = new TopicFollower(this.#shared(), topic, topicId, this.#unfollow);
    this.#followers.set(topicId, follower);
    follower.start();
    return follower;
  }

  readonly #unfollow = (follower: TopicFollower): void => {
    follower.stop();
    this.#followers.delete(follower.topicId);
  };

  #merge(interest: Interest): MergedChannel {
    const key = keyOf(interest);
    const merged = this.#channels.get(key);
    if (merged !== undefined) return merged;
    const channel = new MergedChannel({
      shared: this.#shared(),
      members: interest.topics.map((topic) => this.#follow(topic)),
      encoding: interest.encoding,
      limits: this.#mergeLimits,
      onIdle: () => {
        channel.stop();
        this.#channels.delete(key);
      },
    });
    this.#channels.set(key, channel);
    channel.start();
    return channel;
  }
}
