import { backOffMs } from "./back-off.ts";
import { locateStart } from "./bootstrap.ts";
import { formatEventId, parseEventId, topicSetOf } from "./event-id.ts";
import { LeanSet } from "./lean-set.ts";
import { type Cursor, type JournalPlace, JournalUnavailable, unstoredEpoch } from "./ports.ts";
import { type Start, startOf } from "./resume.ts";
import { isOpen, type Stream } from "./stream.ts";
import type { Found, StreamsParts } from "./stream-pump.ts";
import type { TopicStreams } from "./topic-streams.ts";
import { type Claim, findUnwritten } from "./unwritten.ts";

/** A client hears from us within this time, even if its place in the topic takes longer to find. */
const greetAfterMs = 200;

/** Whose streams are opened. */
export interface OpeningOwner {
  readonly streams: TopicStreams;
  /** Up to here the topics are told live; undefined until they were compared with the journal. */
  readonly placedTo: number | undefined;
  /** A client knows of a sequence that the topic has not reached here. */
  beyond(sequence: number): void;
  /** Streams without a place were greeted while the journal was known to reach up to here. */
  greeted?(sequence: number): void;
}

/** Highest sequence that a client has an id of. */
const furthest = (streams: readonly Stream[]): number =>
  streams.reduce((highest, { wish }) => {
    const id = parseEventId(wish?.lastEventId ?? "");
    return id.kind === "cursor" ? Math.max(highest, id.cursor.sequence) : highest;
  }, 0);

const none = { proof: undefined, sequence: undefined };

type PlacedStart = Exclude<Start, { kind: "ask" }>;

/** Finds the place of new streams. */
export class StreamOpening {
  readonly #parts: StreamsParts;
  readonly #owner: OpeningOwner;
  readonly #waiting = new LeanSet<Stream>();
  /** Those for whom the journal looks for a place in the past. */
  readonly #locating = new LeanSet<Stream>();
  /** Ids of the newest entries that were known when streams were greeted: what is stored later is theirs. */
  #greetedAt: WeakMap<Stream, string> | undefined;
  #cancelGreeting: (() => void) | undefined;
  readonly #set: string | undefined;
  #asking = false;
  #stopped = false;

  constructor(parts: StreamsParts, owner: OpeningOwner) {
    this.#parts = parts;
    this.#owner = owner;
    const { members } = parts;
    this.#set = members.length > 1 ? topicSetOf(members.map(({ topicId }) => topicId)) : undefined;
  }

  open(stream: Stream): void {
    const placed = this.#place(stream, undefined);
    if (!placed) this.#waiting.add(stream);
    if (stream.state === "connecting")
      this.#cancelGreeting ??= this.#parts.shared.clock.after(greetAfterMs, () => this.#greet());
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
    const { shared, view } = this.#parts;
    const { journal } = shared;
    const { placedTo: passed, streams } = this.#owner;
    if (passed === undefined) return false;
    const { epoch } = view;
    const heardOf = journal.known?.epoch === epoch ? journal.known.sequence : 0;
    const known = { epoch, sequence: Math.max(passed, heardOf, confirmedLast ?? 0) };
    const start = this.#startOf(stream, known, confirmedLast !== undefined);
    if (start.kind === "ask") return false;
    const bootstrap = start.kind === "after" ? undefined : stream.wish?.bootstrap;
    const { proof, sequence: to } = start.kind === "after" ? start : none;
    if (proof !== undefined && to !== undefined && proof.set === this.#set) this.#compare(stream, start, { proof, to });
    else if (bootstrap === undefined) streams.pump.place(stream, start, this.#unheard(stream, start));
    else this.#locate(stream, start, bootstrap);
    if (start.kind === "after" && start.sequence > passed) this.#owner.beyond(start.sequence);
    return true;
  }

  #startOf(stream: Stream, known: Cursor, confirmed: boolean): Start {
    const { lastEventId = "" } = stream.wish ?? {};
    if (lastEventId !== "") return startOf(lastEventId, known, confirmed);
    const start = startOf(this.#greetedAt?.get(stream), known, confirmed);
    return start.kind === "after" ? { ...start, fresh: true } : start;
  }

  /** Who was greeted takes what is published from then on for granted; without a journal nobody has heard it. */
  #unheard({ greeted }: Stream, start: PlacedStart): Found {
    const isUnheard = greeted && start.kind === "head" && this.#parts.view.epoch === unstoredEpoch;
    return isUnheard ? { missing: { kind: "gap", from: null, reason: "not_stored" } } : {};
  }

  #locate(stream: Stream, start: PlacedStart, bootstrap: JournalPlace): void {
    const { shared, members, view } = this.#parts;
    const { pages } = shared;
    const { ring } = view;
    const near = members.length === 1 && "last" in bootstrap ? ring.placeBeforeLast(bootstrap.last) : undefined;
    if (near !== undefined) {
      this.#owner.streams.pump.place(stream, start, { located: { after: near, starts: undefined } });
      return;
    }
    this.#askJournal(stream, start, async () => ({ located: await locateStart(pages, members, bootstrap) }));
  }

  /** The proxy that wrote what the client holds may have lacked something then that is known by now. */
  #compare(stream: Stream, start: PlacedStart, claim: Claim): void {
    const { shared, members, view } = this.#parts;
    const { pages, metrics } = shared;
    const { epoch } = view;
    const isWanted = () => this.#locating.has(stream) && view.epoch === epoch;
    this.#askJournal(stream, start, async () => {
      const unwritten = await findUnwritten(pages, members, claim, isWanted);
      if (unwritten === undefined) return undefined;
      if (unwritten.kind === "unknown") {
        const from = formatEventId(epoch, claim.proof.base);
        return { missing: { kind: "gap", from, reason: unwritten.reason } };
      }
      const events = unwritten.kind === "events" ? unwritten.events : [];
      if (events.length === 0) return {};
      metrics.foundLate(events.length);
      return { missing: { kind: "events", events, proof: claim.proof } };
    });
  }

  /** Until the journal has answered; `find` answers undefined where it is to be asked again. */
  #askJournal(stream: Stream, start: PlacedStart, find: () => Promise<Found | undefined>): void {
    const { shared, view } = this.#parts;
    const { clock } = shared;
    const { streams } = this.#owner;
    const { epoch } = view;
    this.#locating.add(stream);
    const again = (attempt: number) => void clock.after(backOffMs(attempt), () => look(attempt));
    const look = (attempt: number): void => {
      if (this.#stopped || !this.#locating.has(stream)) return;
      find().then(
        (found) => {
          const isOld = view.epoch !== epoch;
          if (found === undefined && !isOld) again(attempt + 1);
          else if (!this.#locating.delete(stream)) return;
          else if (found === undefined || isOld) this.open(stream);
          else streams.pump.place(stream, start, found);
        },
        (fault: unknown) => {
          this.#report("Looking for a stream's place in the journal failed; it is tried again", fault);
          again(attempt + 1);
        },
      );
    };
    look(0);
  }

  #greet(): void {
    this.#cancelGreeting = undefined;
    const { journal } = this.#parts.shared;
    const { streams } = this.#owner;
    const { epoch = unstoredEpoch, sequence = 0 } = journal.known ?? {};
    const isStored = sequence > 0 && epoch !== unstoredEpoch;
    // While the journal is away nothing tells how far it is by now.
    if (isStored && journal.connected) this.#owner.greeted?.(sequence);
    for (const stream of [...this.#waiting, ...this.#locating]) {
      // Its client takes what is published from now on for granted. What came in the seconds before may come, too.
      if (sequence > 0 && !stream.greeted && stream.wish?.bootstrap === undefined) {
        this.#greetedAt ??= new WeakMap();
        this.#greetedAt.set(stream, formatEventId(epoch, sequence));
      }
      streams.pump.greet(stream);
    }
  }

  #report(message: string, fault: unknown): void {
    if (!(fault instanceof JournalUnavailable)) this.#parts.shared.log.error(message, { fault });
  }

  #ask(attempt: number): void {
    const { shared, view } = this.#parts;
    const { journal, clock } = shared;
    if (this.#asking || this.#stopped || this.#waiting.size === 0 || this.#owner.placedTo === undefined) return;
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
