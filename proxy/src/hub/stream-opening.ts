import { backOffMs } from "./back-off.ts";
import { locateStart } from "./bootstrap.ts";
import { parseEventId } from "./event-id.ts";
import type { TopicRef } from "./past.ts";
import { type Clock, type Journal, type JournalPlace, JournalUnavailable, type Log } from "./ports.ts";
import { type Start, startOf } from "./resume.ts";
import type { SharedPages } from "./shared-pages.ts";
import { isOpen, type Stream } from "./stream.ts";
import type { TopicStreams } from "./topic-streams.ts";
import type { TopicView } from "./topic-view.ts";

/** A client hears from us within this time, even if its place in the topic takes longer to find. */
const greetAfterMs = 200;

export interface OpeningDependencies {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  readonly pages: Pick<SharedPages, "locate">;
  readonly view: TopicView;
  readonly members: readonly TopicRef[];
  /** Undefined until the topics were compared with the journal. */
  readonly feed: { readonly passed: number | undefined };
  readonly streams: TopicStreams;
  /** A client knows of a sequence that the topic has not reached here. */
  readonly beyond: (sequence: number) => void;
}

/** Highest sequence that a client has an id of. */
const furthest = (streams: readonly Stream[]): number =>
  streams.reduce((highest, { wish }) => {
    const id = parseEventId(wish?.lastEventId ?? "");
    return id.kind === "cursor" ? Math.max(highest, id.cursor.sequence) : highest;
  }, 0);

type PlacedStart = Exclude<Start, { kind: "ask" }>;

/** Finds the place of new streams. */
export class StreamOpening {
  readonly #dependencies: OpeningDependencies;
  readonly #waiting = new Set<Stream>();
  /** Those for whom the journal looks for a place in the past. */
  readonly #locating = new Set<Stream>();
  #cancelGreeting: (() => void) | undefined;
  #asking = false;
  #stopped = false;

  constructor(dependencies: OpeningDependencies) {
    this.#dependencies = dependencies;
  }

  open(stream: Stream): void {
    const placed = this.#place(stream, undefined);
    if (!placed) this.#waiting.add(stream);
    if (stream.state === "connecting")
      this.#cancelGreeting ??= this.#dependencies.clock.after(greetAfterMs, () => this.#greet());
    this.#ask(0);
  }

  leave(stream: Stream): void {
    this.#waiting.delete(stream);
    this.#locating.delete(stream);
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

  /** True: it waits no more. `confirmedLast` is the journal's own last sequence, asked after the stream came. */
  #place(stream: Stream, confirmedLast: number | undefined): boolean {
    const { journal, view, feed, streams, beyond } = this.#dependencies;
    const { passed } = feed;
    if (passed === undefined) return false;
    const { epoch } = view;
    const heardOf = journal.known?.epoch === epoch ? journal.known.sequence : 0;
    const known = { epoch, sequence: Math.max(passed, heardOf, confirmedLast ?? 0) };
    const start = startOf(stream.wish?.lastEventId, known, confirmedLast !== undefined);
    if (start.kind === "ask") return false;
    const bootstrap = start.kind === "after" ? undefined : stream.wish?.bootstrap;
    if (bootstrap === undefined) streams.pump.place(stream, start);
    else this.#locate(stream, start, bootstrap);
    if (start.kind === "after" && start.sequence > passed) beyond(start.sequence);
    return true;
  }

  #locate(stream: Stream, start: PlacedStart, bootstrap: JournalPlace): void {
    const { pages, members, view, streams, clock } = this.#dependencies;
    const { epoch, ring } = view;
    const near = members.length === 1 && "last" in bootstrap ? ring.placeBeforeLast(bootstrap.last) : undefined;
    if (near !== undefined) {
      streams.pump.place(stream, start, { after: near, starts: undefined });
      return;
    }
    this.#locating.add(stream);
    const look = (attempt: number): void => {
      if (this.#stopped || !this.#locating.has(stream)) return;
      locateStart(pages, members, bootstrap).then(
        (located) => {
          if (!this.#locating.delete(stream)) return;
          if (view.epoch === epoch) streams.pump.place(stream, start, located);
          else this.open(stream);
        },
        (fault: unknown) => {
          this.#report("Looking for a place in the journal failed; it is tried again", fault);
          clock.after(backOffMs(attempt + 1), () => look(attempt + 1));
        },
      );
    };
    look(0);
  }

  #greet(): void {
    this.#cancelGreeting = undefined;
    const { pump } = this.#dependencies.streams;
    for (const stream of [...this.#waiting, ...this.#locating]) pump.greet(stream);
  }

  #report(message: string, fault: unknown): void {
    if (!(fault instanceof JournalUnavailable)) this.#dependencies.log.error(message, { fault });
  }

  #ask(attempt: number): void {
    const { journal, feed, clock, view } = this.#dependencies;
    if (this.#asking || this.#stopped || this.#waiting.size === 0 || feed.passed === undefined) return;
    this.#asking = true;
    // Those who come while the question is under way may hold ids that are newer than its answer.
    const asked = [...this.#waiting];
    const again = (next: number) => {
      this.#asking = false;
      clock.after(backOffMs(next), () => this.#ask(next));
    };
    journal.bounds(furthest(asked)).then(
      (bounds) => {
        if (bounds.epoch !== view.epoch) return again(attempt + 1);
        this.#asking = false;
        this.#placeAsked(asked, bounds.lastSequence);
        this.#ask(0);
      },
      (fault: unknown) => {
        this.#report("Asking the journal for its bounds failed; it is tried again", fault);
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
