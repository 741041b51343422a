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
import { createLocalRelay } from "../local-relay.ts";

/** A bus that keeps nothing, as a proxy hears it whose connection a test can cut: then others publish unheard. */
export class CuttableRelay implements Journal {
  readonly keepsNothing = true;
  readonly mostTogether = Number.POSITIVE_INFINITY;
  connected = true;
  readonly #places = new HeardPlaces();
  readonly #heard: Journal;
  #listener: JournalListener | undefined;

  constructor(clock: Clock) {
    this.#heard = createLocalRelay(clock, this.#places);
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
    if (this.connected) void this.#heard.publish(topicId, event);
    return { kind: "sent" };
  }

  async publishTogether(topicId: TopicId, events: readonly PublishedEvent[]): Promise<PublishOutcome> {
    for (const event of events) this.publish(topicId, event);
    return { kind: "sent" };
  }

  async follow(topicId: TopicId, onEvent: (event: LiveEvent) => void) {
    return this.#whileConnected().follow(topicId, onEvent);
  }

  async tails(topicIds: readonly TopicId[]) {
    return this.#whileConnected().tails(topicIds);
  }

  async read(topicId: TopicId, after: number) {
    return this.#whileConnected().read(topicId, after);
  }

  async locate(): Promise<number> {
    return this.#places.known.sequence;
  }

  async bounds() {
    return this.#whileConnected().bounds();
  }

  #whileConnected(): Journal {
    if (!this.connected) throw new JournalUnavailable("cut");
    return this.#heard;
  }
}
