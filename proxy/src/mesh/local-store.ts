import { ByteLog } from "../hub/byte-log.ts";
import { copyOf } from "../hub/copy-of.ts";
import type { PublishedEvent, TopicId } from "../hub/event.ts";
import type { JournalPage, JournalPlace, LiveEvent, StoredEvent } from "../hub/ports.ts";

export interface StoreLimits {
  readonly maxEventsPerTopic: number;
  /** Of all topics together; the oldest event of all goes first. */
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

/** What an event is besides its data. */
type EventHead = Omit<PublishedEvent, "data">;

/** One topic's entries; those before `start` are gone. */
interface TopicLog {
  readonly topicId: TopicId;
  /** Their sequences, which are their numbers in the log of all topics. */
  sequences: number[];
  start: number;
  removedTo: number;
  /** By sequence, of events that are more than their data. */
  heads: Map<number, EventHead> | undefined;
  /** Kept here, since every event asks for both; nearly always one or none. */
  followers: readonly Follower[];
}

/** Is told a topic's entries as they are appended. */
export type Follower = (event: LiveEvent) => void;

const pageEvents = 128;
const pageBytes = 1_048_576;
/** What an entry takes besides its data, holes in the log's segments included. */
const entryOverhead = 256;
/** Topics of which nothing is left, but of which it is still known exactly up to where they were removed. */
const rememberedTopics = 100_000;

export const sizeOf = (event: PublishedEvent): number => event.data.length + entryOverhead;

/** Entries of all topics under one sequence, bounded by count a topic, by bytes and by age. */
export class LocalStore {
  readonly #limits: StoreLimits;
  readonly #topics = new Map<TopicId, TopicLog>();
  readonly #emptied = new Map<TopicId, number>();
  /** For topics that are not even remembered: something up to here may have been theirs. */
  #forgottenTo = 0;
  /** The data; the value of an entry is when it was accepted. */
  readonly #log = new ByteLog<TopicLog>();

  constructor(limits: StoreLimits) {
    this.#limits = limits;
  }

  get lastSequence(): number {
    return this.#log.last;
  }

  get firstSequence(): number {
    return this.#log.oldest ?? this.#log.last + 1;
  }

  get bytes(): number {
    return this.#log.bytes + this.#log.entries * entryOverhead;
  }

  get entries(): number {
    return this.#log.entries;
  }

  /** Last sequence of the topic that is still stored, or 0. */
  lastOf(topicId: TopicId): number {
    return this.#topics.get(topicId)?.sequences.at(-1) ?? 0;
  }

  /** Followers are told before this returns its sequence. */
  append(topicId: TopicId, event: PublishedEvent, acceptedAt: number): number {
    const log = this.#logOf(topicId);
    const previous = log.sequences.at(-1) ?? 0;
    const sequence = this.#log.append(log, acceptedAt, event.data);
    // A list that grows from nothing takes several times the room of its first element.
    if (log.sequences.length === 0) log.sequences = [sequence];
    else log.sequences.push(sequence);
    if (event.type !== undefined || event.retry !== undefined || event.trace !== undefined)
      keepHead(log, sequence, event);
    if (log.sequences.length - log.start > this.#limits.maxEventsPerTopic) this.#removeOldestOf(log);
    while (this.bytes > this.#limits.maxBytes) this.#removeOldest();
    for (const onEvent of log.followers) onEvent({ sequence, previous, acceptedAt, event });
    return sequence;
  }

  /** `onEvent` is told what is appended to the topic from now on, until what is returned is called. */
  follow(topicId: TopicId, onEvent: Follower): () => void {
    const log = this.#logOf(topicId);
    log.followers = log.followers.concat(onEvent);
    return () => {
      if (!log.followers.includes(onEvent)) return;
      log.followers = log.followers.filter((each) => each !== onEvent);
      if (log.followers.length === 0 && log.sequences.length === log.start) this.#forgetTopic(log);
    };
  }

  expire(now: number): void {
    const last = now - this.#limits.maxAgeMs;
    while ((this.#log.oldestValue ?? Number.POSITIVE_INFINITY) <= last) this.#removeOldest();
  }

  read(topicId: TopicId, after: number): JournalPage {
    const log = this.#topics.get(topicId);
    const missed = after < (log?.removedTo ?? this.#emptied.get(topicId) ?? this.#forgottenTo);
    const events: StoredEvent[] = [];
    if (log === undefined) return { events, missed, completeTo: Math.max(after, this.lastSequence), end: true };
    const { sequences } = log;
    let bytes = 0;
    let index = firstAfter(log, after);
    for (; index < sequences.length && events.length < pageEvents && bytes < pageBytes; index += 1) {
      const sequence = sequences[index];
      if (sequence === undefined) continue;
      const event = this.#eventAt(log, sequence);
      events.push({ sequence, acceptedAt: this.#log.valueOf(sequence), event });
      bytes += event.data.length;
    }
    const end = index >= sequences.length;
    const completeTo = end ? Math.max(after, this.lastSequence) : (events.at(-1)?.sequence ?? after);
    return { events, missed, completeTo, end };
  }

  /** The sequence right before the place, or the last one of all where nothing lies after it. */
  locate(topicId: TopicId, place: JournalPlace): number {
    const log = this.#topics.get(topicId);
    if (log === undefined) return this.lastSequence;
    const { sequences, start } = log;
    const first =
      "last" in place
        ? sequences[Math.max(start, sequences.length - place.last)]
        : sequences.find((sequence, index) => index >= start && this.#log.valueOf(sequence) >= place.since);
    return first === undefined ? this.lastSequence : first - 1;
  }

  /** Whoever reads may keep what it got for long: it must not hold the segment of the log. */
  #eventAt({ heads }: TopicLog, sequence: number): PublishedEvent {
    const data = copyOf(this.#log.at(sequence).bytes);
    return { data, ...heads?.get(sequence) };
  }

  #logOf(topicId: TopicId): TopicLog {
    const known = this.#topics.get(topicId);
    if (known !== undefined) return known;
    const removedTo = this.#emptied.get(topicId) ?? this.#forgottenTo;
    const log: TopicLog = { topicId, sequences: [], start: 0, removedTo, heads: undefined, followers: [] };
    this.#emptied.delete(topicId);
    this.#topics.set(topicId, log);
    return log;
  }

  #removeOldest(): void {
    const log = this.#log.oldestOwner;
    if (log !== undefined) this.#removeOldestOf(log);
  }

  /** An entry that goes is always the oldest of its topic, whichever limit takes it. */
  #removeOldestOf(log: TopicLog): void {
    const sequence = log.sequences[log.start];
    if (sequence === undefined) return;
    this.#log.remove(sequence);
    log.heads?.delete(sequence);
    log.removedTo = sequence;
    log.start += 1;
    if (log.start === log.sequences.length) this.#emptyTopic(log);
    else if (log.start * 2 >= log.sequences.length) {
      log.sequences = log.sequences.slice(log.start);
      log.start = 0;
    }
  }

  #emptyTopic(log: TopicLog): void {
    log.sequences = [];
    log.start = 0;
    log.heads = undefined;
    if (log.followers.length === 0) this.#forgetTopic(log);
  }

  #forgetTopic({ topicId, removedTo }: TopicLog): void {
    this.#topics.delete(topicId);
    // Of a topic that never had an entry nothing is known beyond what is known of all.
    if (removedTo === this.#forgottenTo) return;
    this.#emptied.set(topicId, removedTo);
    if (this.#emptied.size <= rememberedTopics) return;
    for (const [forgotten, to] of this.#emptied) {
      this.#emptied.delete(forgotten);
      this.#forgottenTo = Math.max(this.#forgottenTo, to);
      return;
    }
  }
}

const keepHead = (log: TopicLog, sequence: number, { data, ...head }: PublishedEvent): void => {
  log.heads ??= new Map();
  log.heads.set(sequence, head);
};

const firstAfter = (log: TopicLog, after: number): number => {
  let low = log.start;
  let high = log.sequences.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((log.sequences[middle] ?? 0) <= after) low = middle + 1;
    else high = middle;
  }
  return low;
};
