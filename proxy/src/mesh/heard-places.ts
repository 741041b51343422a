import type { TopicId } from "../hub/event.ts";
import { type Cursor, type JournalBounds, type JournalPage, type Tails, unstoredEpoch } from "../hub/ports.ts";

/** A followed topic's places. */
export interface HeardTopic {
  /** The place of an event that is heard now, and of what was heard, or lost, before it. */
  next(): { readonly sequence: number; readonly previous: number };
  stop(): void;
}

interface Heard {
  readonly since: number;
  /** 0: nothing was heard yet. */
  last: number;
}

/**
 * The places of a journal that keeps nothing: every event that this process hears is numbered, over all topics. What may
 * have been lost is an entry of all topics that nothing was heard of, so it is told as any other loss is.
 */
export class HeardPlaces {
  readonly #topics = new Map<TopicId, Heard>();
  #sequence = 1;
  #lostTo = 0;

  get known(): Cursor {
    return { epoch: unstoredEpoch, sequence: this.#sequence };
  }

  get bounds(): JournalBounds {
    return { epoch: unstoredEpoch, firstSequence: 1, lastSequence: this.#sequence };
  }

  follow(topicId: TopicId): HeardTopic {
    const heard: Heard = { since: this.#sequence, last: 0 };
    this.#topics.set(topicId, heard);
    return {
      next: () => {
        const previous = Math.max(heard.since, heard.last, this.#lostTo);
        this.#sequence += 1;
        heard.last = this.#sequence;
        return { sequence: heard.last, previous };
      },
      stop: () => {
        if (this.#topics.get(topicId) === heard) this.#topics.delete(topicId);
      },
    };
  }

  /** From now until `tails` is asked again, events of topics that are followed may have been missed. */
  lost(): void {
    this.#sequence += 1;
    this.#lostTo = this.#sequence;
  }

  tails(topicIds: readonly TopicId[]): Tails {
    const last = new Map(topicIds.map((topicId) => [topicId, this.#lostOf(this.#topics.get(topicId))]));
    return { epoch: unstoredEpoch, checkedTo: this.#sequence, last };
  }

  /** Never an event: only how far what lies after the sequence `after` is gone. */
  page(topicId: TopicId, after: number): JournalPage {
    const heard = this.#topics.get(topicId);
    const lostTo = this.#lostOf(heard);
    const missed = lostTo > after || (heard?.last ?? 0) > after;
    return { events: [], missed, completeTo: lostTo > after ? lostTo : this.#sequence, end: true };
  }

  #lostOf(heard: Heard | undefined): number {
    return heard !== undefined && heard.since < this.#lostTo ? this.#lostTo : 0;
  }
}
