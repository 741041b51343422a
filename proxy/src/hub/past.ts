import type { PublishedEvent, Topic, TopicId } from "./event.ts";
import { formatEventId } from "./event-id.ts";
import { encodedFrame, type FrameEncoding } from "./frame-encoding.ts";
import { FrameRing, type RingLimits, ringLimits } from "./frame-ring.ts";
import type { JournalPage } from "./ports.ts";
import type { SharedPages } from "./shared-pages.ts";
import { type Gap, gapFrame, gapFrames, joinFrames } from "./sse-frame.ts";

export interface TopicRef {
  readonly topic: Topic;
  readonly topicId: TopicId;
}

export interface PastDependencies {
  readonly pages: Pick<SharedPages, "read">;
  readonly members: readonly TopicRef[];
  readonly encoding: FrameEncoding;
}

/** For topics named here only what lies after the sequence is wanted. */
export type TopicStarts = ReadonlyMap<TopicId, number>;

/** A stretch of the topics' past in journal order. */
export interface Past {
  /** All entries of all the topics up to here are in this stretch or before it. */
  readonly completeTo: number;
  frames(epoch: number): FrameRing;
}

interface MemberPage {
  readonly member: TopicRef;
  readonly from: number;
  readonly page: JournalPage;
}

interface PastEvent {
  readonly topic: Topic;
  readonly sequence: number;
  readonly event: PublishedEvent;
}

/** What one stretch keeps in memory while its topics are read. */
const stretchBytes = 4_194_304;

const unlimited: RingLimits = {
  ...ringLimits,
  maxFrames: Number.POSITIVE_INFINITY,
  maxBytes: Number.POSITIVE_INFINITY,
};

/** Reads one page of each topic and merges them up to where all of them are complete. */
export const createPastReader =
  ({ pages, members, encoding }: PastDependencies) =>
  async (after: number, starts: TopicStarts | undefined, wanted: () => boolean): Promise<Past | undefined> => {
    const stretch = new Stretch(after, encoding);
    const readOne = async (member: TopicRef): Promise<void> => {
      const from = Math.max(after, starts?.get(member.topicId) ?? 0);
      const page = await pages.read(member.topicId, from, wanted);
      if (page !== undefined) stretch.add({ member, from, page });
    };
    await Promise.all(members.map(readOne));
    return wanted() ? stretch : undefined;
  };

class Stretch implements Past {
  readonly #after: number;
  readonly #encoding: FrameEncoding;
  readonly #pages: MemberPage[] = [];
  #events: PastEvent[] = [];
  #bytes = 0;
  completeTo = Number.POSITIVE_INFINITY;

  constructor(after: number, encoding: FrameEncoding) {
    this.#after = after;
    this.#encoding = encoding;
  }

  add(read: MemberPage): void {
    const { member, from, page } = read;
    this.completeTo = Math.min(this.completeTo, page.completeTo);
    // Its events are kept below, as far as they are within reach.
    this.#pages.push({ member, from, page: { ...page, events: page.events.slice(0, 1) } });
    for (const { sequence, event } of page.events) {
      if (event === undefined || sequence <= from || sequence > this.completeTo) continue;
      this.#events.push({ topic: member.topic, sequence, event });
      this.#bytes += event.data.length;
    }
    if (this.#bytes > stretchBytes) this.#shorten();
  }

  frames(epoch: number): FrameRing {
    this.#order();
    const id = (sequence: number) => formatEventId(epoch, sequence);
    const frames = new FrameRing(this.#after, unlimited);
    this.#putGaps(frames, id);
    for (const { topic, sequence, event } of this.#events) {
      const [own, place] = [id(sequence), id(sequence)];
      frames.append({ kind: "event", sequence, bytes: encodedFrame(this.#encoding, { topic, id: own, place, event }) });
    }
    return frames;
  }

  /** In journal order, without what was read beyond the end of another topic's page. */
  #order(): void {
    this.#events = this.#events
      .filter(({ sequence }) => sequence <= this.completeTo)
      .sort((left, right) => left.sequence - right.sequence);
  }

  /** Ends earlier, so that what is kept is within bounds. */
  #shorten(): void {
    this.#order();
    let bytes = 0;
    const last = this.#events.find(({ event }) => {
      bytes += event.data.length;
      return bytes >= stretchBytes;
    });
    if (last !== undefined) this.completeTo = Math.min(this.completeTo, last.sequence);
    this.#order();
    this.#bytes = this.#events.reduce((sum, { event }) => sum + event.data.length, 0);
  }

  /** Before everything else; the client's id moves with them only where no other topic's events lie before their end. */
  #putGaps(frames: FrameRing, id: (sequence: number) => string): void {
    const gaps: (Gap & { readonly end: number })[] = [];
    for (const { member, from, page } of this.#pages) {
      const end = Math.min(this.completeTo, missingTo(page));
      if (!page.missed || end <= from) continue;
      gaps.push({ topic: member.topic, from: id(from), to: id(end), reason: "expired", end });
    }
    if (gaps.length === 0) return;
    const [first] = this.#events;
    const end = Math.max(...gaps.map((gap) => gap.end));
    if (first === undefined || first.sequence > end) {
      frames.append({ kind: "gap", sequence: end, bytes: gapFrames(gaps, id(end)) });
    } else {
      frames.append({ kind: "gap", sequence: first.sequence, bytes: joinFrames(gaps.map(gapFrame)) });
    }
  }
}

const missingTo = ({ events, completeTo }: JournalPage): number => {
  const [first] = events;
  return first === undefined ? completeTo : first.sequence - 1;
};
