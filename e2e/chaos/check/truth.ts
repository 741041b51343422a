/** One message as the journal holds it. */
export interface JournalEntry {
  readonly sequence: number;
  /** Milliseconds since 1970, by the server's clock. */
  readonly at: number;
  readonly topic: number;
  /** Undefined: no event by the rules of the bus; it counts against the bounds and is never delivered. */
  readonly key: string | undefined;
  /** Bytes of its data. */
  readonly size: number;
}

/** An event that listeners of its topic are due. */
export interface DueEvent {
  readonly key: string;
  readonly sequence: number;
  /** When it was stored, in milliseconds since 1970. */
  readonly at: number;
  readonly size: number;
  readonly topic: number;
  /** Place among the due events of its topic. */
  readonly index: number;
}

export interface TopicTruth {
  readonly due: readonly DueEvent[];
  /** Place of the first due event after `sequence`. */
  indexAfter(sequence: number): number;
  /** When the bounds pushed the event at this place out; infinite when never. */
  expiredAt(index: number): number;
  /** True when the bounds had pushed out anything after `from` and up to `to` at time `at`. */
  expiredWithin(from: number, to: number, at: number): boolean;
}

export interface Truth {
  readonly lastSequence: number;
  topic(topic: number): TopicTruth;
  find(key: string): DueEvent | undefined;
  /** Keys that were stored more than once. */
  readonly storedTwice: readonly string[];
}

/** First place in ascending `values` whose value is above `limit`. */
const firstAbove = <T>(values: readonly T[], limit: number, of: (value: T) => number): number => {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const value = values[middle];
    if (value !== undefined && of(value) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
};

const sequenceOf = ({ sequence }: { readonly sequence: number }): number => sequence;

const topicTruth = (entries: readonly JournalEntry[], maxEvents: number): TopicTruth => {
  const pushedOutAt = (place: number): number => entries[place + maxEvents]?.at ?? Number.POSITIVE_INFINITY;
  const due: DueEvent[] = [];
  const expiries: number[] = [];
  for (const [place, { key, sequence, at, size, topic }] of entries.entries()) {
    if (key === undefined) continue;
    expiries.push(pushedOutAt(place));
    due.push({ key, sequence, at, size, topic, index: due.length });
  }
  return {
    due,
    indexAfter: (sequence) => firstAbove(due, sequence, sequenceOf),
    expiredAt: (index) => expiries[index] ?? Number.POSITIVE_INFINITY,
    // The oldest goes first, so the oldest of the stretch tells.
    expiredWithin: (from, to, at) => {
      const place = firstAbove(entries, from, sequenceOf);
      const oldest = entries[place];
      return oldest !== undefined && oldest.sequence <= to && pushedOutAt(place) <= at;
    },
  };
};

/** What the journal says happened. `entries` are all that were ever stored, in the order of their sequences. */
export const createTruth = (entries: readonly JournalEntry[], maxEventsPerTopic: number): Truth => {
  const byTopic = new Map<number, JournalEntry[]>();
  for (const entry of entries) {
    const there = byTopic.get(entry.topic);
    if (there === undefined) byTopic.set(entry.topic, [entry]);
    else there.push(entry);
  }
  const topics = new Map([...byTopic].map(([topic, own]) => [topic, topicTruth(own, maxEventsPerTopic)]));
  const nothing = topicTruth([], maxEventsPerTopic);
  const byKey = new Map<string, DueEvent>();
  const storedTwice: string[] = [];
  for (const { due } of topics.values()) {
    for (const event of due) {
      if (byKey.has(event.key)) storedTwice.push(event.key);
      else byKey.set(event.key, event);
    }
  }
  return {
    lastSequence: entries.at(-1)?.sequence ?? 0,
    topic: (topic) => topics.get(topic) ?? nothing,
    find: (key) => byKey.get(key),
    storedTwice,
  };
};
