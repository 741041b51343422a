import { backOffMs } from "./back-off.ts";
import type { TopicId } from "./event.ts";
import type { Clock, Journal, LiveEvent } from "./ports.ts";
import type { ReadGate } from "./read-gate.ts";

export interface TopicSubscriptionParts {
  readonly journal: Pick<Journal, "follow">;
  readonly clock: Clock;
  /** Calls for all topics together. */
  readonly followGate: ReadGate;
  readonly topicId: TopicId;
  readonly onEvent: (event: LiveEvent) => void;
  /** Everything from now on will be told. */
  readonly onFollowing: () => void;
  readonly failed: (fault: unknown) => void;
}

/** Has a topic's live events told, as soon as the journal can. */
export class TopicSubscription {
  readonly #parts: TopicSubscriptionParts;
  #following: { stop(): void } | undefined;
  #cancelRetry: (() => void) | undefined;
  #stopped = false;

  constructor(parts: TopicSubscriptionParts) {
    this.#parts = parts;
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
    const { journal, clock, followGate, topicId, onEvent, onFollowing, failed } = this.#parts;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    followGate
      .run(async () => (this.#stopped ? undefined : journal.follow(topicId, onEvent)))
      .then(
        (following) => {
          if (this.#stopped) return following?.stop();
          this.#following = following;
          onFollowing();
        },
        (fault: unknown) => {
          failed(fault);
          if (!this.#stopped) this.#cancelRetry = clock.after(backOffMs(attempt + 1), () => this.#try(attempt + 1));
        },
      );
  }
}
