import { backOffMs } from "./back-off.ts";
import type { TopicId } from "./event.ts";
import { Failing } from "./failing.ts";
import { type Clock, type Journal, JournalUnavailable, type Log, type Random, type Tails } from "./ports.ts";
import type { TailReport } from "./topic-feed.ts";

/** The journal answers at most this many topics a call (`multi_last` allows 1,024). */
export const topicsPerCall = 1_000;
/** At least so long between two calls of a round, so that comparing many topics does not crowd out live events. */
const pauseMs = 10;
/** Part of the interval that the calls of a round are spread over, where nothing is to be feared lost. */
const spread = 0.5;
/** A round begins after 75-100 % of the interval: proxies that started together do not stay in step. */
const jitter = 0.25;

export interface SweptTopic {
  readonly topicId: TopicId;
  /** Never compared before. */
  readonly opening: boolean;
  tail(report: TailReport): void;
}

export interface TailSweepDependencies {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly intervalSec: number;
  readonly topics: () => Iterable<SweptTopic>;
  /** False: the answer is of another epoch than the topics are in; it is asked again. */
  readonly accept: (epoch: number) => boolean;
}

/** Compares followed topics with the journal: what was lost on the way is found here at the latest. */
export class TailSweep {
  /** The journal does not say where its topics end, though it can be reached. */
  readonly failing: Failing;
  readonly #dependencies: TailSweepDependencies;
  readonly #urgent = new Set<SweptTopic>();
  readonly #routine = new Set<SweptTopic>();
  /** Answers to questions from before the last loss prove nothing. */
  #losses = 0;
  #failures = 0;
  #working = false;
  /** The pause under way is for others' sake, not because the journal is away. */
  #pacing = false;
  #paceMs = pauseMs;
  #routineNext = false;
  #stopped = false;
  #cancelRound: (() => void) | undefined;
  #wake: (() => void) | undefined;

  constructor(dependencies: TailSweepDependencies) {
    this.#dependencies = dependencies;
    this.failing = new Failing(dependencies.clock);
  }

  start(): void {
    this.#scheduleRound();
  }

  /** Compares one topic as soon as may be; several of a turn go in one call. */
  check(topic: SweptTopic): void {
    this.#urgent.add(topic);
    if (this.#pacing) this.#wake?.();
    this.#work();
  }

  /** What is being asked now must be asked again. */
  lost(): void {
    this.#losses += 1;
  }

  disconnected(): void {
    this.lost();
    this.failing.over();
  }

  /** Compares every topic that is not opening, now. */
  resync(): void {
    this.#addRound(0);
    this.#failures = 0;
    this.#wake?.();
    this.#work();
  }

  forget(topic: SweptTopic): void {
    this.#urgent.delete(topic);
    this.#routine.delete(topic);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelRound?.();
    this.#wake?.();
  }

  #scheduleRound(): void {
    const { clock, random, intervalSec } = this.#dependencies;
    if (!Number.isFinite(intervalSec)) return;
    this.#cancelRound = clock.after(intervalSec * 1_000 * (1 - jitter * random()), () => {
      this.#scheduleRound();
      this.#addRound(intervalSec * 1_000 * spread);
      this.#work();
    });
  }

  #addRound(spreadMs: number): void {
    for (const topic of this.#dependencies.topics()) if (!topic.opening) this.#routine.add(topic);
    const calls = Math.max(1, Math.ceil(this.#routine.size / topicsPerCall));
    this.#paceMs = Math.max(pauseMs, spreadMs / calls);
  }

  #work(): void {
    if (this.#working || this.#stopped) return;
    this.#working = true;
    this.#workOff().then(
      () => {
        this.#working = false;
        if (this.#urgent.size + this.#routine.size > 0) this.#work();
      },
      (fault: unknown) => {
        this.#working = false;
        this.#dependencies.log.error("Comparing topics with the journal stopped", { fault });
      },
    );
  }

  async #workOff(): Promise<void> {
    while (!this.#stopped && this.#urgent.size + this.#routine.size > 0) {
      const compared = await this.#compare(this.#take(this.#nextQueue()));
      this.#failures = compared ? 0 : this.#failures + 1;
      if (!compared) await this.#pause(backOffMs(this.#failures));
      else if (this.#urgent.size === 0 && this.#routine.size > 0) await this.#pace();
    }
  }

  /** By turns, so that topics which open without end do not keep the others from being compared. */
  #nextQueue(): Set<SweptTopic> {
    this.#routineNext = this.#urgent.size === 0 || (this.#routineNext && this.#routine.size > 0);
    const queue = this.#routineNext ? this.#routine : this.#urgent;
    this.#routineNext = !this.#routineNext;
    return queue;
  }

  #take(from: Set<SweptTopic>): readonly SweptTopic[] {
    const taken: SweptTopic[] = [];
    for (const topic of from) {
      if (taken.length === topicsPerCall) break;
      from.delete(topic);
      taken.push(topic);
    }
    return taken;
  }

  async #compare(topics: readonly SweptTopic[]): Promise<boolean> {
    const { journal, accept } = this.#dependencies;
    const losses = this.#losses;
    try {
      const tails = await journal.tails(topics.map(({ topicId }) => topicId));
      // Asked second, so that an entry which was removed before the first answer lies below it.
      const firstSequence = topics.every(({ opening }) => opening) ? 0 : await this.#firstSequence(tails);
      if (losses === this.#losses && accept(tails.epoch) && firstSequence !== undefined) {
        this.failing.over();
        this.#hand(topics, tails, firstSequence);
        return true;
      }
    } catch (fault) {
      if (!(fault instanceof JournalUnavailable)) {
        this.#dependencies.log.error("Comparing topics with the journal failed; it is tried again", { fault });
      }
      if (journal.connected) this.failing.failed();
    }
    for (const topic of topics) (topic.opening ? this.#urgent : this.#routine).add(topic);
    return false;
  }

  async #firstSequence(tails: Tails): Promise<number | undefined> {
    const bounds = await this.#dependencies.journal.bounds();
    return bounds.epoch === tails.epoch ? bounds.firstSequence : undefined;
  }

  #hand(topics: readonly SweptTopic[], tails: Tails, firstSequence: number): void {
    for (const topic of topics) {
      topic.tail({ last: tails.last.get(topic.topicId) ?? 0, checkedTo: tails.checkedTo, firstSequence });
    }
  }

  async #pace(): Promise<void> {
    this.#pacing = true;
    await this.#pause(this.#paceMs);
    this.#pacing = false;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#dependencies.clock.after(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
