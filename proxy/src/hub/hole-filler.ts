import type { BoundsQuestion } from "./bounds-question.ts";
import type { TopicId } from "./event.ts";
import { Failing } from "./failing.ts";
import type { Clock, HubMetrics, Journal, JournalPage } from "./ports.ts";
import type { ReadGate } from "./read-gate.ts";
import type { FeedEffect, TopicFeed } from "./topic-feed.ts";

export interface HoleFillerShared {
  readonly journal: Pick<Journal, "read" | "connected">;
  readonly clock: Clock;
  /** Reads of all topics together. */
  readonly fillGate: ReadGate;
  /** Of all topics together. */
  readonly bounds: Pick<BoundsQuestion, "ask">;
  readonly epoch: () => number;
  readonly metrics: Pick<HubMetrics, "holeFilled">;
}

/** Whose holes are filled. */
export interface HoleOwner {
  readonly topicId: TopicId;
  /** What the feed wants done now. */
  filled(effects: readonly FeedEffect[]): void;
  fillFailed(fault: unknown): void;
}

/** Reads what a topic's feed lacks. */
export class HoleFiller {
  /** The journal does not give what is known to be stored, though it can be reached. */
  readonly failing: Failing;
  readonly #shared: HoleFillerShared;
  readonly #owner: HoleOwner;
  readonly #feed: TopicFeed;
  #abandoned = 0;

  constructor(shared: HoleFillerShared, owner: HoleOwner, feed: TopicFeed) {
    this.#shared = shared;
    this.#owner = owner;
    this.#feed = feed;
    this.failing = new Failing(shared.clock);
  }

  /** Gives the feed a page of what lies after the sequence `after`, or tells it that there is none to be had. */
  read(after: number, delayMs: number): void {
    if (delayMs === 0) this.#read(after, this.#abandoned);
    else {
      const { clock } = this.#shared;
      const abandoned = this.#abandoned;
      clock.after(delayMs, () => this.#read(after, abandoned));
    }
  }

  /** Tells the feed where the journal begins, which is one question for many topics. */
  askBounds(): void {
    const { bounds, epoch } = this.#shared;
    const feed = this.#feed;
    const abandoned = this.#abandoned;
    bounds.ask().then(
      (answer) => {
        if (abandoned !== this.#abandoned) return;
        // Of another journal it says nothing; what is missing is read then.
        this.#owner.filled(answer.epoch === epoch() ? feed.bounds(answer) : feed.readFailed());
      },
      (fault: unknown) => {
        if (abandoned === this.#abandoned) this.#failed(fault);
      },
    );
  }

  /** What is being read will not be answered. */
  abandon(): void {
    this.#abandoned += 1;
    this.failing.over();
  }

  #read(after: number, abandoned: number): void {
    const { journal, fillGate } = this.#shared;
    const { topicId } = this.#owner;
    const isWanted = () => abandoned === this.#abandoned;
    if (!isWanted()) return;
    fillGate
      .run(async () => (isWanted() ? journal.read(topicId, after) : undefined))
      .then(
        (page) => {
          if (page !== undefined && isWanted()) this.#filled(page);
        },
        (fault: unknown) => {
          if (isWanted()) this.#failed(fault);
        },
      );
  }

  #filled(page: JournalPage): void {
    const { clock, metrics } = this.#shared;
    this.failing.over();
    const effects = this.#feed.page(page, clock.now());
    const filled = effects.reduce((sum, effect) => sum + (effect.kind === "deliver" ? 1 : 0), 0);
    if (filled > 0) metrics.holeFilled(filled);
    this.#owner.filled(effects);
  }

  #failed(fault: unknown): void {
    this.#owner.fillFailed(fault);
    if (this.#shared.journal.connected) this.failing.failed();
    const effects = this.#feed.readFailed();
    // What was asked for came live meanwhile: the next failure has nothing to do with this one.
    if (!this.#feed.behind) this.failing.over();
    this.#owner.filled(effects);
  }
}
