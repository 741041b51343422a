import { backOffMs } from "./back-off.ts";
import { type Clock, type Journal, JournalUnavailable, type Log } from "./ports.ts";
import { startOf } from "./resume.ts";
import { isOpen, type Stream } from "./stream.ts";
import type { TopicFeed } from "./topic-feed.ts";
import type { TopicStreams } from "./topic-streams.ts";
import type { TopicView } from "./topic-view.ts";

/** A client hears from us within this time, even if its place in the topic takes longer to find. */
const greetAfterMs = 200;

export interface OpeningDependencies {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  readonly view: TopicView;
  readonly feed: TopicFeed;
  readonly streams: TopicStreams;
  /** A client knows of a sequence that the topic has not reached here. */
  readonly beyond: (sequence: number) => void;
}

/** Finds the place of new streams of one topic. */
export class StreamOpening {
  readonly #dependencies: OpeningDependencies;
  readonly #waiting = new Set<Stream>();
  #cancelGreeting: (() => void) | undefined;
  #asking = false;
  #stopped = false;

  constructor(dependencies: OpeningDependencies) {
    this.#dependencies = dependencies;
  }

  open(stream: Stream): void {
    if (this.#place(stream, undefined)) return;
    this.#waiting.add(stream);
    this.#cancelGreeting ??= this.#dependencies.clock.after(greetAfterMs, () => this.#greet());
    this.#ask(0);
  }

  leave(stream: Stream): void {
    this.#waiting.delete(stream);
  }

  /** The topic is known now, or its ids are of another epoch. */
  placeWaiting(): void {
    for (const stream of this.#waiting) if (this.#place(stream, undefined)) this.#waiting.delete(stream);
    this.#ask(0);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelGreeting?.();
  }

  /** `confirmedLast` is the journal's own last sequence, asked after the stream came. */
  #place(stream: Stream, confirmedLast: number | undefined): boolean {
    const { journal, view, feed, streams, beyond } = this.#dependencies;
    const { passed } = feed;
    if (passed === undefined) return false;
    const { epoch } = view;
    const heardOf = journal.known?.epoch === epoch ? journal.known.sequence : 0;
    const known = { epoch, sequence: Math.max(passed, heardOf, confirmedLast ?? 0) };
    const start = startOf(stream.lastEventId, known, confirmedLast !== undefined);
    if (start.kind === "ask") return false;
    streams.pump.place(stream, start);
    if (start.kind === "after" && start.sequence > passed) beyond(start.sequence);
    return true;
  }

  #greet(): void {
    this.#cancelGreeting = undefined;
    for (const stream of this.#waiting) this.#dependencies.streams.pump.greet(stream);
  }

  #ask(attempt: number): void {
    const { journal, feed, clock, log, view } = this.#dependencies;
    if (this.#asking || this.#stopped || this.#waiting.size === 0 || feed.passed === undefined) return;
    this.#asking = true;
    // Those who come while the question is under way may hold ids that are newer than its answer.
    const asked = [...this.#waiting];
    const again = (next: number) => {
      this.#asking = false;
      clock.after(backOffMs(next), () => this.#ask(next));
    };
    journal.bounds().then(
      (bounds) => {
        if (bounds.epoch !== view.epoch) return again(attempt + 1);
        this.#asking = false;
        this.#placeAsked(asked, bounds.lastSequence);
        this.#ask(0);
      },
      (fault: unknown) => {
        if (!(fault instanceof JournalUnavailable))
          log.error("Asking the journal for its bounds failed; it is tried again", { fault });
        again(attempt + 1);
      },
    );
  }

  #placeAsked(asked: readonly Stream[], lastSequence: number): void {
    for (const stream of asked) {
      if (!this.#waiting.has(stream) || !isOpen(stream)) continue;
      if (this.#place(stream, lastSequence)) this.#waiting.delete(stream);
    }
  }
}
