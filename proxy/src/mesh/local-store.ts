import type { PublishedEvent, TopicId } from "../hub/event.ts";
import type { JournalPage, JournalPlace, LiveEvent, StoredEvent } from "../hub/ports.ts";

export interface StoreLimits {
  readonly maxEventsPerTopic: number;
  /** Of all topics together; the oldest event of all goes first. */
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

/** Followers are told the entry itself. */
interface Entry extends LiveEvent {
  readonly event: PublishedEvent;
  readonly topicId: TopicId;
  older: Entry | undefined;
  newer: Entry | undefined;
}

/** One topic's entries; those before `start` are gone. */
interface TopicLog {
  entries: (Entry | undefined)[];
  start: number;
  removedTo: number;
  /** Kept here, since every event asks for both; nearly always one or none. */
  followers: readonly Follower[];
}

/** Is told a topic's entries as they are appended. */
export type Follower = (event: LiveEvent) => void;

const pageEvents = 128;
const pageBytes = 1_048_576;
/** What an entry takes besides its data. */
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
  #oldest: Entry | undefined;
  #newest: Entry | undefined;
  #bytes = 0;
  #entries = 0;
  #sequence = 0;

  constructor(limits: StoreLimits) {
    this.#limits = limits;
  }

  get lastSequence(): number {
    return this.#sequence;
  }

  get firstSequence(): number {
    return this.#oldest?.sequence ?? this.#sequence + 1;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get entries(): number {
    return this.#entries;
  }

  /** Last sequence of the topic that is still stored, or 0. */
  lastOf(topicId: TopicId): number {
    return this.#topics.get(topicId)?.entries.at(-1)?.sequence ?? 0;
  }

  /** Followers are told before this returns its sequence. */
  append(topicId: TopicId, event: PublishedEvent, acceptedAt: number): number {
    this.#sequence += 1;
    const log = this.#logOf(topicId);
    const entry: Entry = {
      sequence: this.#sequence,
      previous: log.entries.at(-1)?.sequence ?? 0,
      acceptedAt,
      event,
      topicId,
      older: this.#newest,
      newer: undefined,
    };
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
    this.#bytes += sizeOf(event);
    this.#entries += 1;
    log.entries.push(entry);
    if (log.entries.length - log.start > this.#limits.maxEventsPerTopic) this.#removeOldestOf(log);
    while (this.#bytes > this.#limits.maxBytes && this.#oldest !== undefined) this.#remove(this.#oldest);
    for (const onEvent of log.followers) onEvent(entry);
    return entry.sequence;
  }

  /** `onEvent` is told what is appended to the topic from now on, until what is returned is called. */
  follow(topicId: TopicId, onEvent: Follower): () => void {
    const log = this.#logOf(topicId);
    log.followers = [...log.followers, onEvent];
    return () => {
      if (!log.followers.includes(onEvent)) return;
      log.followers = log.followers.filter((each) => each !== onEvent);
      if (log.followers.length === 0 && log.entries.length === log.start) this.#forgetTopic(topicId, log);
    };
  }

  expire(now: number): void {
    while (this.#oldest !== undefined && this.#oldest.acceptedAt + this.#limits.maxAgeMs <= now)
      this.#remove(this.#oldest);
  }

  read(topicId: TopicId, after: number): JournalPage {
    const log = this.#topics.get(topicId);
    const missed = after < (log?.removedTo ?? this.#emptied.get(topicId) ?? this.#forgottenTo);
    const events: StoredEvent[] = [];
    if (log === undefined) return { events, missed, completeTo: Math.max(after, this.#sequence), end: true };
    let bytes = 0;
    let index = firstAfter(log, after);
    for (; index < log.entries.length && events.length < pageEvents && bytes < pageBytes; index += 1) {
      const entry = log.entries[index];
      if (entry === undefined) continue;
      const { sequence, acceptedAt, event } = entry;
      events.push({ sequence, acceptedAt, event });
      bytes += event.data.length;
    }
    const end = index >= log.entries.length;
    const completeTo = end ? Math.max(after, this.#sequence) : (events.at(-1)?.sequence ?? after);
    return { events, missed, completeTo, end };
  }

  /** The sequence right before the place, or the last one of all where nothing lies after it. */
  locate(topicId: TopicId, place: JournalPlace): number {
    const log = this.#topics.get(topicId);
    if (log === undefined) return this.#sequence;
    const { entries, start } = log;
    const first =
      "last" in place
        ? entries[Math.max(start, entries.length - place.last)]
        : entries.slice(start).find((entry) => entry !== undefined && entry.acceptedAt >= place.since);
    return first === undefined ? this.#sequence : first.sequence - 1;
  }

  #logOf(topicId: TopicId): TopicLog {
    const known = this.#topics.get(topicId);
    if (known !== undefined) return known;
    const removedTo = this.#emptied.get(topicId) ?? this.#forgottenTo;
    const log = { entries: [], start: 0, removedTo, followers: [] };
    this.#emptied.delete(topicId);
    this.#topics.set(topicId, log);
    return log;
  }

  #removeOldestOf(log: TopicLog): void {
    const entry = log.entries[log.start];
    if (entry !== undefined) this.#remove(entry);
  }

  /** An entry that goes is always the oldest of its topic, whichever limit takes it. */
  #remove(entry: Entry): void {
    if (entry.older === undefined) this.#oldest = entry.newer;
    else entry.older.newer = entry.newer;
    if (entry.newer === undefined) this.#newest = entry.older;
    else entry.newer.older = entry.older;
    // A follower may hold on to it longer, and must not hold on to all that came after it as well.
    entry.older = undefined;
    entry.newer = undefined;
    this.#bytes -= sizeOf(entry.event);
    this.#entries -= 1;
    const log = this.#topics.get(entry.topicId);
    if (log === undefined) return;
    log.removedTo = entry.sequence;
    log.entries[log.start] = undefined;
    log.start += 1;
    if (log.start === log.entries.length) this.#emptyTopic(entry.topicId, log);
    else if (log.start * 2 >= log.entries.length) {
      log.entries = log.entries.slice(log.start);
      log.start = 0;
    }
  }

  #emptyTopic(topicId: TopicId, log: TopicLog): void {
    log.entries = [];
    log.start = 0;
    if (log.followers.length === 0) this.#forgetTopic(topicId, log);
  }

  #forgetTopic(topicId: TopicId, { removedTo }: TopicLog): void {
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

const firstAfter = (log: TopicLog, after: number): number => {
  let low = log.start;
  let high = log.entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((log.entries[middle]?.sequence ?? 0) <= after) low = middle + 1;
    else high = middle;
  }
  return low;
};
