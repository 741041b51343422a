import type { PublishedEvent, TopicId } from "../hub/event.ts";
import type {
  Clock,
  Cursor,
  Journal,
  JournalBounds,
  JournalListener,
  JournalPage,
  LiveEvent,
  PublishOutcome,
  Tails,
} from "../hub/ports.ts";
import { LocalStore, sizeOf } from "./local-store.ts";

export interface LocalJournalDependencies {
  readonly clock: Clock;
  readonly journal: { readonly maxAgeSec: number; readonly maxEventsPerTopic: number; readonly maxBytes: number };
}

type Follower = (event: LiveEvent) => void;

export const createLocalJournal = (dependencies: LocalJournalDependencies): Journal => new LocalJournal(dependencies);

/** The journal of a proxy that stands alone: in this process's memory, gone with it. */
class LocalJournal implements Journal {
  readonly connected = true;
  readonly #clock: Clock;
  readonly #epoch: number;
  readonly #maxBytes: number;
  readonly #store: LocalStore;
  readonly #followers = new Map<TopicId, Set<Follower>>();

  constructor({ clock, journal }: LocalJournalDependencies) {
    const { maxAgeSec, maxEventsPerTopic, maxBytes } = journal;
    this.#clock = clock;
    this.#epoch = clock.now();
    this.#maxBytes = maxBytes;
    this.#store = new LocalStore({ maxEventsPerTopic, maxBytes, maxAgeMs: maxAgeSec * 1_000 });
  }

  get known(): Cursor {
    return { epoch: this.#epoch, sequence: this.#store.lastSequence };
  }

  listen(listener: JournalListener): void {
    this.#clock.endOfTurn(() => listener.resync("connected"));
  }

  /** Followers are told before this resolves; what they write goes out at the end of the turn, after the publisher's answer. */
  async publish(topicId: TopicId, event: PublishedEvent): Promise<PublishOutcome> {
    if (sizeOf(event) > this.#maxBytes) return { kind: "too-large", limit: this.#maxBytes };
    const acceptedAt = this.#clock.now();
    this.#store.expire(acceptedAt);
    const previous = this.#store.lastOf(topicId);
    const sequence = this.#store.append(topicId, event, acceptedAt);
    const live = { sequence, acceptedAt, event, previous };
    for (const onEvent of this.#followers.get(topicId) ?? []) onEvent(live);
    return { kind: "stored", cursor: { epoch: this.#epoch, sequence } };
  }

  async follow(topicId: TopicId, onEvent: Follower): Promise<{ stop(): void }> {
    const followers = this.#followers.get(topicId) ?? new Set();
    this.#followers.set(topicId, followers.add(onEvent));
    return {
      stop: () => {
        followers.delete(onEvent);
        if (followers.size === 0 && this.#followers.get(topicId) === followers) this.#followers.delete(topicId);
      },
    };
  }

  async tails(topicIds: readonly TopicId[]): Promise<Tails> {
    this.#store.expire(this.#clock.now());
    const last = new Map(topicIds.map((topicId) => [topicId, this.#store.lastOf(topicId)]));
    return { epoch: this.#epoch, checkedTo: this.#store.lastSequence, last };
  }

  async read(topicId: TopicId, after: number): Promise<JournalPage> {
    this.#store.expire(this.#clock.now());
    return this.#store.read(topicId, after);
  }

  async bounds(): Promise<JournalBounds> {
    this.#store.expire(this.#clock.now());
    const { firstSequence, lastSequence } = this.#store;
    return { epoch: this.#epoch, firstSequence, lastSequence };
  }
}
