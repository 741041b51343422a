import type { Offence, OffenceKind } from "./offences.ts";
import { type Observation, observationLine, provenOf, sequenceOf } from "./record.ts";
import type { DueEvent, TopicTruth, Truth } from "./truth.ts";

export interface ClientCheckParts {
  readonly client: number;
  readonly topics: readonly number[];
  readonly truth: Truth;
  readonly offend: (offence: Offence) => void;
  readonly tally: ClientTally;
}

/** What all clients together saw. */
export interface ClientTally {
  delivered: number;
  /** Forced by the bounds, and told. */
  forcedGaps: number;
  /** Events inside forced gaps. */
  expired: number;
  /**
   * The known case of docs/streams.md: events of streams of several topics that were found missing too late, since
   * their client came back elsewhere, with an id beyond them and without a proof, within `knownWithinMs` of their storing.
   */
  known: number;
  /** Events of streams of several topics that came after later ones of their other topics. */
  late: number;
  resumes: number;
}

type GapSeen = Extract<Observation, { kind: "gap" }>;

interface ToldGap {
  readonly from: number;
  readonly to: number;
  /** What is wrong with it if no other goes on from it. */
  readonly unforced: Offence | undefined;
}

/** Where a client is in one topic. */
interface Place {
  readonly truth: TopicTruth;
  /** Place of the next due event. */
  next: number;
  /** Passed over and not told of. */
  readonly missing: Set<number>;
  /** Told of as missing. */
  readonly told: Set<number>;
  unsafeAt: number;
  /** The last gap that it was told, with those that it went on from. */
  gap: ToldGap | undefined;
}

const contextLines = 12;
/** A lost tail is found by the sweep; a removed line that is older than this cannot be taken for the known case. */
const knownWithinMs = 15_000;

/** Follows one client through its record and compares it with what it was due. */
export class ClientCheck {
  readonly #parts: ClientCheckParts;
  readonly #places = new Map<number, Place>();
  readonly #context: string[] = [];
  /** Sequences that may be instances of the known case. */
  readonly #passedOver = new Set<number>();
  #started = false;
  /** What the id says that it came back with last. */
  #proven: ReturnType<typeof provenOf>;
  /** Highest sequence among its ids. */
  #cursor = 0;

  constructor(parts: ClientCheckParts) {
    this.#parts = parts;
  }

  observe(seen: Observation): void {
    this.#context.push(observationLine(seen));
    if (this.#context.length > contextLines) this.#context.shift();
    switch (seen.kind) {
      case "open":
        if (seen.lastEventId !== undefined) this.#resumed(seen.lastEventId, seen.at);
        break;
      case "id":
        this.#reached(sequenceOf(seen.id));
        break;
      case "event":
        this.#event(seen);
        break;
      case "gap":
        this.#gap(seen);
        break;
      case "broken":
        this.#offend("broken-stream", seen.why);
        break;
      case "client":
      case "close":
        break;
    }
  }

  finish(): void {
    if (!this.#started) this.#offend("unserved", `topics ${this.#parts.topics.join(", ")}`);
    for (const place of this.#places.values()) {
      this.#gapEnded(place);
      const { truth, next, missing } = place;
      for (const index of missing) this.#lost(truth, index);
      for (let index = next; index < truth.due.length; index += 1) this.#lost(truth, index);
    }
  }

  #lost(truth: TopicTruth, index: number): void {
    const event = truth.due[index];
    if (event === undefined) return;
    if (this.#passedOver.has(event.sequence)) this.#parts.tally.known += 1;
    else this.#offend("lost", eventText(event));
  }

  #resumed(lastEventId: string, at: number): void {
    this.#parts.tally.resumes += 1;
    this.#proven = provenOf(lastEventId);
    // An id with a proof says what is missing.
    if (this.#places.size < 2 || this.#proven !== undefined) return;
    const sequence = sequenceOf(lastEventId);
    for (const { truth, next, missing } of this.#places.values()) {
      const passed = [...missing, ...truth.due.slice(next, truth.indexAfter(sequence)).map(({ index }) => index)];
      for (const index of passed) {
        const event = truth.due[index];
        if (event !== undefined && event.sequence < sequence && at - event.at < knownWithinMs)
          this.#passedOver.add(event.sequence);
      }
    }
  }

  /** The first id says from where on everything is due. */
  #begin(sequence: number): void {
    this.#started = true;
    for (const topic of this.#parts.topics) {
      const truth = this.#parts.truth.topic(topic);
      const next = truth.indexAfter(sequence);
      this.#places.set(topic, { truth, next, missing: new Set(), told: new Set(), unsafeAt: -1, gap: undefined });
    }
  }

  #reached(sequence: number): void {
    if (!this.#started) this.#begin(sequence);
    this.#cursor = Math.max(this.#cursor, sequence);
    // In a stream of several topics a lost tail is found later, and delivered late; lost for good it would show at the end.
    if (this.#places.size > 1) return;
    for (const place of this.#places.values()) {
      const event = place.truth.due[place.next];
      if (event === undefined || event.sequence > sequence || place.unsafeAt === place.next) continue;
      place.unsafeAt = place.next;
      this.#offend("unsafe-id", `id ${sequence} passes over ${eventText(event)}`);
    }
  }

  #event(seen: Extract<Observation, { kind: "event" }>): void {
    const event = this.#parts.truth.find(seen.key);
    if (!this.#started) this.#begin(sequenceOf(seen.id) - 1);
    const place = event === undefined ? undefined : this.#places.get(event.topic);
    if (event === undefined || place === undefined) {
      this.#offend("phantom", `event ${seen.key}`);
      return;
    }
    this.#parts.tally.delivered += 1;
    if (event.size !== seen.size) this.#offend("altered", `${eventText(event)} came with ${seen.size} bytes`);
    this.#take(place, event);
    if (this.#places.size === 1 && sequenceOf(seen.id) !== event.sequence)
      this.#offend("wrong-id", `${eventText(event)} came with the id ${seen.id}`);
    if (event.sequence < this.#cursor && this.#places.size > 1) this.#parts.tally.late += 1;
    this.#reached(sequenceOf(seen.id));
  }

  #take(place: Place, event: DueEvent): void {
    this.#gapEnded(place);
    const { index } = event;
    if (index >= place.next) {
      for (let passed = place.next; passed < index; passed += 1) place.missing.add(passed);
      place.next = index + 1;
    } else if (place.missing.delete(index)) this.#offend("disordered", eventText(event));
    else if (place.told.delete(index)) this.#offend("false-gap", `${eventText(event)} was told as missing, and came`);
    else this.#offend("doubled", eventText(event));
  }

  #gap(seen: GapSeen): void {
    const place = this.#places.get(seen.topic);
    // Before its first id a client has no place that could be missed.
    if (place === undefined) {
      if (this.#started) this.#offend("phantom", `gap of topic ${seen.topic}`);
      return;
    }
    const to = sequenceOf(seen.to);
    const from = seen.from === undefined ? Number.POSITIVE_INFINITY : sequenceOf(seen.from);
    const isOfProof = this.#proven?.from === from && this.#proven.to === to;
    // What one topic no longer has leaves open what the client lacks of all; where that lay does not show any more.
    const hasExpired = ({ truth }: Place) => truth.expiredWithin(from, Number.POSITIVE_INFINITY, seen.at);
    if (isOfProof && [...this.#places.values()].some(hasExpired)) {
      this.#parts.tally.forcedGaps += 1;
      this.#passOver(place, { from, to, at: Number.POSITIVE_INFINITY });
      return;
    }
    this.#judge(place, seen, { from, to });
    this.#passOver(place, { from, to, at: seen.at });
  }

  /** `at`: what had expired by then is rightly told. */
  #passOver(place: Place, { from, to, at }: { readonly from: number; readonly to: number; readonly at: number }): void {
    const { truth } = place;
    const end = truth.indexAfter(to);
    for (let index = truth.indexAfter(Math.min(from, to)); index < end; index += 1) {
      if (index < place.next && !place.missing.delete(index)) continue;
      place.told.add(index);
      const event = truth.due[index];
      if (truth.expiredAt(index) <= at) this.#parts.tally.expired += 1;
      else if (event !== undefined) this.#offend("wide-gap", eventText(event));
    }
    const begin = truth.indexAfter(Math.min(from, to));
    for (let passed = place.next; passed < begin; passed += 1) place.missing.add(passed);
    place.next = Math.max(place.next, end);
  }

  /** A long one is told page by page, and a page of several topics may begin or end where the topic has nothing. */
  #judge(place: Place, seen: GapSeen, { from, to }: { readonly from: number; readonly to: number }): void {
    const earlier = place.gap?.to === from ? place.gap : undefined;
    if (earlier === undefined) this.#gapEnded(place);
    const begun = earlier?.from ?? from;
    const isForced = place.truth.expiredWithin(begun, to, seen.at);
    const text = `${seen.reason} from ${seen.from ?? "nowhere"} to ${seen.to} of topic ${seen.topic}`;
    place.gap = { from: begun, to, unforced: isForced ? undefined : this.#offence("false-gap", text) };
    if (isForced) this.#parts.tally.forcedGaps += 1;
  }

  /** No other gap goes on from the last one. */
  #gapEnded(place: Place): void {
    if (place.gap?.unforced !== undefined) this.#parts.offend(place.gap.unforced);
    place.gap = undefined;
  }

  #offend(kind: OffenceKind, text: string): void {
    this.#parts.offend(this.#offence(kind, text));
  }

  #offence(kind: OffenceKind, text: string): Offence {
    return { kind, client: this.#parts.client, text, context: [...this.#context] };
  }
}

const eventText = ({ key, sequence, topic }: DueEvent): string => `event ${key} (topic ${topic}, sequence ${sequence})`;
