import type { PublishedEvent, TopicId } from "../../hub/event.ts";
import {
  type Clock,
  type Cursor,
  type Journal,
  type JournalListener,
  JournalUnavailable,
  type LiveEvent,
  type PublishOutcome,
} from "../../hub/ports.ts";
import { HeardPlaces } from "../heard-places.ts";

/** A bus that keeps nothing, as a proxy hears it whose connection a test can cut: then others publish unheard. */
export class CuttableRelay implements Journal {
  readonly keepsNothing = true;
  readonly mostTogether = Number.POSITIVE_INFINITY;
  connected = true;
  readonly #clock: Clock;
  readonly #places = new HeardPlaces();
  readonly #followers = new Map<TopicId, Set<(event: PublishedEvent) => void>>();
  #listener: JournalListener | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get known(): Cursor {
    return this.#places.known;
  }

  listen(listener: JournalListener): void {
    this.#listener = listener;
  }

  cut(): void {
    if (!this.connected) return;
    this.connected = false;
    this.#places.lost();
    this.#listener?.disconnected();
  }

  heal(): void {
    if (this.connected) return;
    this.connected = true;
    this.#listener?.resync("connected");
  }

  publish(topicId: TopicId, event: PublishedEvent): PublishOutcome {
    if (this.connected) for (const tell of this.#followers.get(topicId) ?? []) tell(event);
    return { kind: "sent" };
  }

  async publishTogether(topicId: TopicId, events: readonly PublishedEvent[]): Promise<PublishOutcome> {
    for (const event of events) this.publish(topicId, event);
    return { kind: "sent" };
  }

  async follow(topicId: TopicId, onEvent: (event: LiveEvent) => void): Promise<{ stop(): void }> {
    this.#mustBeConnected();
    const places = this.#places.follow(topicId);
    const tell = (event: PublishedEvent): void => onEvent({ ...places.next(), acceptedAt: this.#clock.now(), event });
    const followers = this.#followers.get(topicId) ?? new Set();
    this.#followers.set(topicId, followers.add(tell));
    return {
      stop: () => {
        places.stop();
        followers.delete(tell);
      },
    };
  }

  async tails(topicIds: readonly TopicId[]) {
    this.#mustBeConnected();
    return this.#places.tails(topicIds);
  }

  async read(topicId: TopicId, after: number) {
    this.#mustBeConnected();
    return this.#places.page(topicId, after);
  }

  async locate(): Promise<number> {
    return this.#places.known.sequence;
  }

  async bounds() {
    this.#mustBeConnected();
    return this.#places.bounds;
  }

  #mustBeConnected(): void {
    if (!this.connected) throw new JournalUnavailable("cut");
  }
}
