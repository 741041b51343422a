import type { PublishedEvent, Topic } from "./event.ts";
import { addTo, partSums, type WrittenProof } from "./event-id.ts";
import { missingEnds } from "./missing-ends.ts";
import type { TopicRef } from "./past.ts";
import type { SharedPages } from "./shared-pages.ts";
import { maxWindowEvents } from "./written-window.ts";

/** Bytes of events that one comparison keeps in memory. */
const maxBytes = 4_194_304;

/** An event that a client lacks although it holds a later one's id. */
export interface UnwrittenEvent {
  readonly topic: Topic;
  readonly sequence: number;
  readonly event: PublishedEvent;
}

export type Unwritten =
  | { readonly kind: "events"; readonly events: readonly UnwrittenEvent[] }
  /** Something is missing, and it cannot be told what; `expired`: the journal no longer has all of it. */
  | { readonly kind: "unknown"; readonly reason: "expired" | "unreadable" }
  /** The proof is not of this journal, or there is more to read than a comparison may. */
  | { readonly kind: "void" };

export interface Claim {
  readonly to: number;
  readonly proof: WrittenProof;
}

interface Found {
  readonly events: readonly UnwrittenEvent[];
  readonly missed: boolean;
}

/**
 * Compares what a client says it was written with the journal; undefined when that is no longer wanted.
 * A topic's events are written without holes, so what is missing of a topic is the last that the journal has of it.
 */
export const findUnwritten = async (
  pages: Pick<SharedPages, "read">,
  members: readonly TopicRef[],
  claim: Claim,
  wanted: () => boolean,
): Promise<Unwritten | undefined> => {
  const budget = { events: 2 * maxWindowEvents, bytes: maxBytes };
  const ofTopics: UnwrittenEvent[][] = [];
  let missed = false;
  for (const member of members) {
    const found = await readTopic({ pages, member, claim, wanted, budget });
    if (found === "too-much") return { kind: "void" };
    if (found === undefined) return undefined;
    missed ||= found.missed;
    ofTopics.push([...found.events]);
  }
  return judge(ofTopics, claim, missed);
};

interface TopicRead {
  readonly pages: Pick<SharedPages, "read">;
  readonly member: TopicRef;
  readonly claim: Claim;
  readonly wanted: () => boolean;
  readonly budget: { events: number; bytes: number };
}

const readTopic = async (read: TopicRead): Promise<Found | "too-much" | undefined> => {
  const { pages, member, claim, wanted, budget } = read;
  const events: UnwrittenEvent[] = [];
  let missed = false;
  for (let after = claim.proof.base; after < claim.to; ) {
    const page = await pages.read(member.topicId, after, wanted);
    // Where a replica has not got so far it is asked again.
    if (page === undefined || page.completeTo <= after) return undefined;
    missed ||= page.missed;
    const { topic } = member;
    const taken = page.events.flatMap(({ sequence, event }) =>
      event === undefined || sequence > claim.to ? [] : [{ topic, sequence, event }],
    );
    budget.events -= page.events.length;
    budget.bytes -= taken.reduce((sum, { event }) => sum + event.data.length, 0);
    if (budget.events < 0 || budget.bytes < 0) return "too-much";
    events.push(...taken);
    after = page.completeTo;
  }
  return { events, missed };
};

const judge = (ofTopics: readonly UnwrittenEvent[][], { proof }: Claim, missed: boolean): Unwritten => {
  const all = ofTopics.flat();
  const count = all.length - proof.count;
  const stored = all.reduce((sum, { sequence }) => addTo(sum, sequence), 0);
  // What was lost and is gone by now leaves no trace.
  if (missed) return { kind: "unknown", reason: "expired" };
  if (count === 0 && stored === proof.sum) return { kind: "events", events: [] };
  if (count <= 0) return { kind: "void" };
  const sequences = ofTopics.map((events) => events.map(({ sequence }) => sequence));
  const ends = missingEnds(sequences, { count, sum: partSums(stored, proof.sum) });
  if (ends === undefined) return { kind: "unknown", reason: "unreadable" };
  const found = ofTopics.flatMap((events, index) => events.slice(events.length - (ends[index] ?? 0)));
  return { kind: "events", events: found.sort((left, right) => left.sequence - right.sequence) };
};
