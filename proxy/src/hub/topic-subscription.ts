import { backOffMs } from "./back-off.ts";
import type { TopicId } from "./event.ts";
import type { Clock, Journal, LiveEvent } from "./ports.ts";
import type { ReadGate } from "./read-gate.ts";

export interface SubscriptionShared {
  readonly journal: Pick<Journal, "follow">;
  readonly clock: Clock;
  /** Calls for all topics together. */
  readonly followGate: ReadGate;
}

/** Who is told a topic's live events. */
export interface Subscriber {
  readonly topicId: TopicId;
  live(event: LiveEvent): void;
  /** Everything from now on will be told. */
  following(): void;
  followFailed(fault: unknown): void;
}

/** Has a topic's live events told, as soon as the journal can. */
export class TopicSubscription {
  readonly #shared: SubscriptionShared;
  readonly #subscriber: Subscriber;
  #following: { stop(): void } | undefined;
  #cancelRetry: (() => void) | undefined;
  #stopped = false;

  constructor(shared: SubscriptionShared, subscriber: Subscriber) {
    this.#shared = shared;
    this.#subscriber = subscriber;
  }

  start(): void {
    this.#try(0);
  }

  /** Does not wait any longer, if it waits for the next try. */
  hasten(): void {
    if (this.#cancelRetry !== undefined) this.#try(0);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelRetry?.();
    this.#following?.stop();
  }

  #try(attempt: number): void {
    const { journal, clock, followGate } = this.#shared;
    const subscriber = this.#subscriber;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    followGate
      .run(async () => (this.#stopped ? undefined : journal.follow(subscriber.topicId, toldTo(subscriber))))
      .then(
        (following) => {
          if (this.#stopped) return following?.stop();
          this.#following = following;
          subscriber.following();
        },
        (fault: unknown) => {
          subscriber.followFailed(fault);
          if (!this.#stopped) this.#cancelRetry = clock.after(backOffMs(attempt + 1), () => this.#try(attempt + 1));
        },
      );
  }
}

/** Kept as long as the topic is followed: a closure of its own, so that nothing else of a try stays with it. */
const toldTo =
  (subscriber: Subscriber) =>
  (event: LiveEvent): void =>
    subscriber.live(event);
