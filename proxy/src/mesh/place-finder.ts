import { natsSubjects } from "@revenprox/contract/nats-subjects";
import type { TopicId } from "../hub/event.ts";
import { type JournalPlace, JournalUnavailable } from "../hub/ports.ts";
import type { ClockOffset } from "./clock-offset.ts";
import type { DirectGet, DirectRequest } from "./direct-get.ts";
import type { JournalPosition } from "./journal-position.ts";
import { createTurnstile } from "./turnstile.ts";

export interface PlaceFinderDeps {
  readonly direct: Pick<DirectGet, "get" | "connected">;
  readonly instance: string;
  readonly position: JournalPosition;
  readonly offset: Pick<ClockOffset, "milliseconds">;
}

/** One entry of a topic and how many come after it, as the answering server sees it. */
interface Found {
  readonly sequence: number;
  readonly after: number;
}

interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** The topic's first entry from a sequence on. */
type Search = (sequence: number) => Promise<Found | undefined>;

const searchesAtOnce = 4;
const callBytes = 1_048_576;
const timeoutMs = 500;
const tries = 3;

/**
 * Finds places in a topic's past. The journal has no index from the end, but each answer says how many entries of the
 * topic come after it, so the n-th last one is found by bisection: at most some thirty small requests.
 */
export const createPlaceFinder = (deps: PlaceFinderDeps) => {
  const turnstile = createTurnstile(searchesAtOnce);
  const subjects = natsSubjects(deps.instance);

  /** Another server may answer the next try. */
  const firstOf = async (request: Partial<DirectRequest>): Promise<Found | undefined> => {
    for (let left = tries; ; left -= 1) {
      let found: Found | undefined;
      try {
        await deps.direct.get({ ...request, batch: 1, max_bytes: callBytes }, timeoutMs, ({ sequence, pending }) => {
          found = { sequence, after: pending };
        });
        return found;
      } catch (fault) {
        if (!(fault instanceof JournalUnavailable) || left <= 1 || !deps.direct.connected) throw fault;
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

  const nthLast = async (subject: string, count: number): Promise<number | undefined> => {
    const from: Search = (seq) => firstOf({ seq, next_by_subj: subject });
    const first = await from(1);
    if (first === undefined || first.after < count) return first?.sequence;
    let low = first.sequence;
    let high = Math.max(deps.position.highest, low + 1);
    // This process may not have heard of the newest yet.
    for (let beyond = await from(high + 1); beyond !== undefined && beyond.after >= count - 1; high *= 2) {
      low = beyond.sequence - 1;
      beyond = await from(2 * high + 1);
    }
    return await bisect(from, count - 1, { low, high });
  };

  const find = async (topicId: TopicId, place: JournalPlace): Promise<number> => {
    const subject = subjects.in(topicId);
    const known = deps.position.highest;
    const found =
      "last" in place
        ? await nthLast(subject, place.last)
        : (await firstOf({ start_time: serverTime(place.since), next_by_subj: subject }))?.sequence;
    return found === undefined ? known : found - 1;
  };

  const serverTime = (milliseconds: number): string => new Date(milliseconds + deps.offset.milliseconds).toISOString();

  return (topicId: TopicId, place: JournalPlace): Promise<number> => turnstile(() => find(topicId, place));
};
