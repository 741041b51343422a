import type { BoundsQuestion } from "./bounds-question.ts";
import type { TopicId } from "./event.ts";
import { Failing } from "./failing.ts";
import type { Clock, HubMetrics, Journal, JournalPage } from "./ports.ts";
import type { ReadGate } from "./read-gate.ts";
import type { FeedEffect, TopicFeed } from "./topic-feed.ts";

export interface HoleFillerParts {
  readonly journal: Pick<Journal, "read" | "connected">;
  readonly clock: Clock;
  /** Reads of all topics together. */
  readonly fillGate: ReadGate;
  /** Of all topics together. */
  readonly bounds: Pick<BoundsQuestion, "ask">;
  readonly epoch: () => number;
  readonly topicId: TopicId;
  readonly metrics: Pick<HubMetrics, "holeFilled">;
  readonly feed: TopicFeed;
  /** Does what the feed wants done. */
  readonly run: (effects: readonly FeedEffect[]) => void;
  readonly report: (fault: unknown) => void;
}

/** Reads what a topic's feed lacks. */
export class HoleFiller {
  /** The journal does not give what is known to be stored, though it can be reached. */
  readonly failing: Failing;
  readonly #parts: HoleFillerParts;
  #abandoned = 0;

  constructor(parts: HoleFillerParts) {
    this.#parts = parts;
    this.failing = new Failing(parts.clock);
  }

  /** Gives the feed a page of what lies after the sequence `after`, or tells it that there is none to be had. */
  read(after: number, delayMs: number): void {
    if (delayMs === 0) this.#read(after, this.#abandoned);
    else {
      const { clock } = this.#parts;
      const abandoned = this.#abandoned;
      clock.after(delayMs, () => this.#read(after, abandoned));
    }
  }

  /** Tells the feed where the journal begins, which is one question for many topics. */
  askBounds(): void {
    const { bounds, epoch, feed, run } = this.#parts;
    const abandoned = this.#abandoned;
    bounds.ask().then(
      (answer) => {
        if (abandoned !== this.#abandoned) return;
        // Of another journal it says nothing; what is missing is read then.
        run(answer.epoch === epoch() ? feed.bounds(answer) : feed.readFailed());
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
    const { journal, fillGate, topicId } = this.#parts;
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
    const { feed, clock, metrics, run } = this.#parts;
    this.failing.over();
    const effects = feed.page(page, clock.now());
    const filled = effects.reduce((sum, effect) => sum + (effect.kind === "deliver" ? 1 : 0), 0);
    if (filled > 0) metrics.holeFilled(filled);
    run(effects);
  }

  #failed(fault: unknown): void {
    const { feed, journal, run, report } = this.#parts;
    report(fault);
    if (journal.connected) this.failing.failed();
    const effects = feed.readFailed();
    // What was asked for came live meanwhile: the next failure has nothing to do with this one.
    if (!feed.behind) this.failing.over();
    run(effects);
  }
}
