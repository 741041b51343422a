import type { TopicId } from "../hub/event.ts";

interface Tail {
  /** Sequence of the topic's newest entry; 0: it has none. */
  readonly last: number;
  /** The journal's sequence up to which that is certain. */
  readonly checkedTo: number;
}

export interface TailMemory {
  /** Topics never looked at, and the others with a sequence up to which all of those were. */
  split(
    epoch: number,
    topicIds: readonly TopicId[],
  ): { readonly fresh: readonly TopicId[]; readonly seen: readonly TopicId[]; readonly since: number };
  /** A look at the topics that went up to `upTo`; topics not in `found` have nothing new. */
  store(
    epoch: number,
    topicIds: readonly TopicId[],
    look: { readonly found: ReadonlyMap<TopicId, number>; readonly upTo: number },
  ): void;
  /** Sequences of the newest entries as last seen; 0 where none was. */
  last(topicIds: readonly TopicId[]): Map<TopicId, number>;
}

const defaultMostTopics = 200_000;

/** What earlier looks at topics' tails showed, for as long as the epoch lasts. Forgets all when it is full. */
export const createTailMemory = (mostTopics = defaultMostTopics): TailMemory => {
  const tails = new Map<TopicId, Tail>();
  let current: number | undefined;

  const enter = (epoch: number): void => {
    if (current !== epoch || tails.size > mostTopics) tails.clear();
    current = epoch;
  };

  return {
    split: (epoch, topicIds) => {
      enter(epoch);
      const fresh = topicIds.filter((id) => !tails.has(id));
      const seen = topicIds.filter((id) => tails.has(id));
      const since = seen.reduce((least, id) => Math.min(least, tails.get(id)?.checkedTo ?? 0), Number.MAX_SAFE_INTEGER);
      return { fresh, seen, since: seen.length === 0 ? 0 : since };
    },
    store: (epoch, topicIds, { found, upTo }) => {
      if (current !== epoch) return;
      for (const id of topicIds) {
        const known = tails.get(id) ?? { last: 0, checkedTo: 0 };
        tails.set(id, { last: Math.max(known.last, found.get(id) ?? 0), checkedTo: Math.max(known.checkedTo, upTo) });
      }
    },
    last: (topicIds) => new Map(topicIds.map((id) => [id, tails.get(id)?.last ?? 0])),
  };
};
