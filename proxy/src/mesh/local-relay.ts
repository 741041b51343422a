import type { PublishedEvent, TopicId } from "../hub/event.ts";
import type {
  Clock,
  Cursor,
  JournalBounds,
  JournalListener,
  JournalPage,
  LiveEvent,
  PublishOutcome,
  Tails,
} from "../hub/ports.ts";
import { HeardPlaces } from "./heard-places.ts";
import type { MeasuredJournal } from "./local-journal.ts";

/** A proxy that stands alone with its journal off: what is published goes to the streams that are open. */
export const createLocalRelay = (clock: Clock, places = new HeardPlaces()): MeasuredJournal =>
  new LocalRelay(clock, places);

class LocalRelay implements MeasuredJournal {
  readonly keepsNothing = true;
  readonly connected = true;
  readonly mostTogether = Number.POSITIVE_INFINITY;
  readonly figures = { bytes: 0, maxBytes: 0, messages: 0 };
  readonly #clock: Clock;
  readonly #places: HeardPlaces;
  readonly #followers = new Map<TopicId, Set<(event: PublishedEvent) => void>>();

  constructor(clock: Clock, places: HeardPlaces) {
    this.#clock = clock;
    this.#places = places;
  }

  get known(): Cursor {
    return this.#places.known;
  }

  listen(listener: JournalListener): void {
    this.#clock.endOfTurn(() => listener.resync("connected"));
  }

  /** Followers are told before this returns; what they write goes out at the end of the turn, after the publisher's answer. */
  publish(topicId: TopicId, event: PublishedEvent): PublishOutcome {
    const followers = this.#followers.get(topicId);
    if (followers !== undefined) for (const tell of followers) tell(event);
    return { kind: "sent" };
  }

  async publishTogether(topicId: TopicId, events: readonly PublishedEvent[]): Promise<PublishOutcome> {
    for (const event of events) this.publish(topicId, event);
    return { kind: "sent" };
  }

  async follow(topicId: TopicId, onEvent: (event: LiveEvent) => void): Promise<{ stop(): void }> {
    const places = this.#places.follow(topicId);
    const tell = (event: PublishedEvent): void => onEvent({ ...places.next(), acceptedAt: this.#clock.now(), event });
    const followers = this.#followers.get(topicId) ?? new Set();
    this.#followers.set(topicId, followers.add(tell));
    return {
      stop: () => {
        places.stop();
        followers.delete(tell);
        if (followers.size === 0 && this.#followers.get(topicId) === followers) this.#followers.delete(topicId);
      },
    };
  }

  async tails(topicIds: readonly TopicId[]): Promise<Tails> {
    return this.#places.tails(topicIds);
  }

  async read(topicId: TopicId, after: number): Promise<JournalPage> {
    return this.#places.page(topicId, after);
  }

  async locate(): Promise<number> {
    return this.#places.known.sequence;
  }

  async bounds(): Promise<JournalBounds> {
    return this.#places.bounds;
  }
}
