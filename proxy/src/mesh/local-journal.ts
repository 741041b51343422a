import type { PublishedEvent, TopicId } from "../hub/event.ts";
import type {
  Clock,
  Cursor,
  Journal,
  JournalBounds,
  JournalListener,
  JournalPage,
  JournalPlace,
  PublishOutcome,
  Tails,
} from "../hub/ports.ts";
import { createDuplicateWindow, type DuplicateWindow } from "./duplicate-window.ts";
import { type Follower, LocalStore, sizeOf } from "./local-store.ts";

export interface LocalJournalDependencies {
  readonly clock: Clock;
  readonly journal: {
    readonly maxAgeSec: number;
    readonly maxEventsPerTopic: number;
    readonly maxBytes: number;
    readonly duplicateWindowSec: number;
  };
}

/** A journal that also tells how full it is. */
export interface MeasuredJournal extends Journal {
  readonly figures: { readonly bytes: number; readonly maxBytes: number; readonly messages: number };
}

export const createLocalJournal = (dependencies: LocalJournalDependencies): MeasuredJournal =>
  new LocalJournal(dependencies);

/** The journal of a proxy that stands alone: in this process's memory, gone with it. */
class LocalJournal implements MeasuredJournal {
  readonly connected = true;
  readonly mostTogether = Number.POSITIVE_INFINITY;
  readonly #clock: Clock;
  readonly #epoch: number;
  readonly #maxBytes: number;
  readonly #store: LocalStore;
  /** Sequences by message id. */
  readonly #duplicates: DuplicateWindow<number>;

  constructor({ clock, journal }: LocalJournalDependencies) {
    const { maxAgeSec, maxEventsPerTopic, maxBytes, duplicateWindowSec } = journal;
    this.#clock = clock;
    this.#epoch = clock.now();
    this.#maxBytes = maxBytes;
    this.#duplicates = createDuplicateWindow(duplicateWindowSec * 1_000);
    this.#store = new LocalStore({ maxEventsPerTopic, maxBytes, maxAgeMs: maxAgeSec * 1_000 });
  }

  get known(): Cursor {
    return { epoch: this.#epoch, sequence: this.#store.lastSequence };
  }

  get figures(): MeasuredJournal["figures"] {
    this.#store.expire(this.#clock.now());
    return { bytes: this.#store.bytes, maxBytes: this.#maxBytes, messages: this.#store.entries };
  }

  listen(listener: JournalListener): void {
    this.#clock.endOfTurn(() => listener.resync("connected"));
  }

  /** Followers are told before this returns; what they write goes out at the end of the turn, after the publisher's answer. */
  publish(topicId: TopicId, event: PublishedEvent, messageId?: string): PublishOutcome {
    if (sizeOf(event) > this.#maxBytes) return { kind: "too-large", limit: this.#maxBytes };
    const now = this.#clock.now();
    const first = messageId === undefined ? undefined : this.#duplicates.find(messageId, now);
    if (first !== undefined) return { ...this.#storedAt(first), duplicate: true };
    const sequence = this.#append(topicId, event);
    if (messageId !== undefined) this.#duplicates.remember(messageId, sequence, now);
    return this.#storedAt(sequence);
  }

  async publishTogether(topicId: TopicId, events: readonly PublishedEvent[]): Promise<PublishOutcome> {
    if (events.some((event) => sizeOf(event) > this.#maxBytes)) return { kind: "too-large", limit: this.#maxBytes };
    for (const event of events) this.#append(topicId, event);
    return this.#storedAt(this.#store.lastSequence);
  }

  #storedAt(sequence: number) {
    return { kind: "stored", cursor: { epoch: this.#epoch, sequence } } as const;
  }

  #append(topicId: TopicId, event: PublishedEvent): number {
    const acceptedAt = this.#clock.now();
    this.#store.expire(acceptedAt);
    return this.#store.append(topicId, event, acceptedAt);
  }

  async follow(topicId: TopicId, onEvent: Follower): Promise<{ stop(): void }> {
    return { stop: this.#store.follow(topicId, onEvent) };
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

  async locate(topicId: TopicId, place: JournalPlace): Promise<number> {
    this.#store.expire(this.#clock.now());
    return this.#store.locate(topicId, place);
  }

  async bounds(): Promise<JournalBounds> {
    this.#store.expire(this.#clock.now());
    const { firstSequence, lastSequence } = this.#store;
    return { epoch: this.#epoch, firstSequence, lastSequence };
  }
}
