import { natsSubjects } from "@revenprox/contract/nats-subjects";
import type { TopicId } from "../hub/event.ts";
import { type Clock, type JournalPlace, JournalUnavailable } from "../hub/ports.ts";
import type { DirectGet, DirectRequest } from "./direct-get.ts";
import type { JournalLeader } from "./journal-leader.ts";
import type { JournalPosition } from "./journal-position.ts";
import type { ReplayMirror } from "./replay-mirror.ts";
import { createTurnstile } from "./turnstile.ts";

type Reader = Pick<DirectGet, "get" | "connected">;

export interface PlaceFinderDeps {
  readonly clock: Clock;
  readonly direct: Reader;
  readonly mirrored: Reader;
  readonly mirror: Pick<ReplayMirror, "usable" | "rest">;
  readonly leader: Pick<JournalLeader, "lastOf">;
  readonly instance: string;
  readonly position: JournalPosition;
}

/** One entry of a topic and how many come after it, as the answering server sees it. */
interface Found {
  readonly sequence: number;
  readonly after: number;
}

/** Sequences: what is looked for lies above `low`, and not above `high`. */
interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** The topic's first entry from a sequence on. */
type Search = (sequence: number) => Promise<Found | undefined>;

const searchesAtOnce = 4;
const callBytes = 1_048_576;
const leastMs = 500;
const tries = 3;
/** Milliseconds for which the mirror is given the time to copy the newest entry. */
const mirrorWaitsMs = [5, 10, 20, 40, 80] as const;

const firstOnce = async (reader: Reader, request: Partial<DirectRequest>): Promise<Found | undefined> => {
  let found: Found | undefined;
  await reader.get({ ...request, batch: 1, max_bytes: callBytes }, leastMs, ({ sequence, pending }) => {
    found = { sequence, after: pending };
  });
  return found;
};

/** The mirror, once it has the topic's newest entry, so that it counts right; else the journal. */
const readerWith = async (deps: PlaceFinderDeps, subject: string, newest: number): Promise<Reader> => {
  const { clock, direct, mirror, mirrored } = deps;
  if (!mirror.usable) return direct;
  try {
    for (const ms of mirrorWaitsMs) {
      if ((await firstOnce(mirrored, { seq: newest, next_by_subj: subject })) !== undefined) return mirrored;
      await new Promise<void>((resolve) => void clock.after(ms, resolve));
    }
  } catch (fault) {
    if (!(fault instanceof JournalUnavailable)) throw fault;
    if (mirrored.connected) mirror.rest();
  }
  return direct;
};

/**
 * Finds places in a topic's past. The journal has no index from the end, but each answer says how many entries of the
 * topic come after it, so the n-th last one is found by bisection: at most some thirty small requests.
 */
export const createPlaceFinder = (deps: PlaceFinderDeps) => {
  const turnstile = createTurnstile(searchesAtOnce);
  const subjects = natsSubjects(deps.instance);

  /** Another server may answer the next try. */
  const firstOf = async (reader: Reader, request: Partial<DirectRequest>): Promise<Found | undefined> => {
    for (let left = tries; ; left -= 1) {
      try {
        return await firstOnce(reader, request);
      } catch (fault) {
        if (!(fault instanceof JournalUnavailable) || left <= 1 || !reader.connected) throw fault;
      }
    }
  };

  /** Narrows `bounds` down to the entry after which `after` others come: it lies after `low` and not after `high`. */
  const bisect = async (from: Search, after: number, bounds: Bounds): Promise<number> => {
    let { low, high } = bounds;
    while (low + 1 < high) {
      const middle = Math.floor((low + high) / 2);
      const found = await from(middle + 1);
      if (found?.after === after) return found.sequence;
      if (found === undefined || found.after < after) high = middle;
      else low = found.sequence;
    }
    return high;
  };

  const nthLast = async (subject: string, count: number, newest: number): Promise<number> => {
    const reader = await readerWith(deps, subject, newest);
    const from: Search = (seq) => firstOf(reader, { seq, next_by_subj: subject });
    const first = await from(1);
    if (first === undefined || first.after < count) return first?.sequence ?? newest;
    return await bisect(from, count - 1, { low: first.sequence, high: Math.max(newest, first.sequence + 1) });
  };

  /** The newest entry is not older than `time`, so a copy that finds nothing lags behind. */
  const firstSince = async (subject: string, time: number): Promise<number> => {
    const request = { start_time: new Date(time).toISOString(), next_by_subj: subject };
    for (let left = tries; left > 0; left -= 1) {
      const found = await firstOf(deps.direct, request);
      if (found !== undefined) return found.sequence;
    }
    throw new JournalUnavailable("the journal cannot be read: the copies that answer are behind");
  };

  const find = async (topicId: TopicId, place: JournalPlace): Promise<number> => {
    const subject = subjects.in(topicId);
    const known = deps.position.highest;
    const newest = await deps.leader.lastOf(subject);
    if (newest === undefined) return known;
    if ("last" in place) return (await nthLast(subject, place.last, newest.sequence)) - 1;
    // The journal's clock is the one that all proxies share; their own may differ by minutes.
    if (newest.storedAt < Math.floor(place.since)) return Math.max(known, newest.sequence);
    return (await firstSince(subject, place.since)) - 1;
  };

  return (topicId: TopicId, place: JournalPlace): Promise<number> => turnstile(() => find(topicId, place));
};
