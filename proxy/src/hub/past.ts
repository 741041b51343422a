import { backOffMs } from "./back-off.ts";
import type { PublishedEvent, Topic, TopicId } from "./event.ts";
import { formatEventId } from "./event-id.ts";
import { encodedFrame, type FrameEncoding } from "./frame-encoding.ts";
import { FrameRing, type RingLimits, ringLimits } from "./frame-ring.ts";
import { type Clock, type JournalPage, JournalUnavailable } from "./ports.ts";
import type { SharedPages } from "./shared-pages.ts";
import { type Gap, gapFrame, gapFrames, joinFrames } from "./sse-frame.ts";

export interface TopicRef {
  readonly topic: Topic;
  readonly topicId: TopicId;
}

export interface PastDependencies {
  readonly clock: Clock;
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

interface MemberPlace {
  readonly topicId: TopicId;
  readonly from: number;
  /** Where the stretch begins: a page that reaches no further brings nobody forward. */
  readonly after: number;
}

/** No page: it is not wanted any more. */
type Attempt = { readonly page: JournalPage | undefined } | "again";

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
export const createPastReader = ({ clock, pages, members, encoding }: PastDependencies) => {
  const pause = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));

  const tryOne = async ({ topicId, from, after }: MemberPlace, wanted: () => boolean): Promise<Attempt> => {
    try {
      const page = await pages.read(topicId, from, wanted);
      return page === undefined || page.completeTo > after ? { page } : "again";
    } catch (fault) {
      if (fault instanceof JournalUnavailable) return "again";
      throw fault;
    }
  };

  /** A page that cannot be had is asked for again, while those of the other topics are kept. */
  const readOne = async (place: MemberPlace, wanted: () => boolean): Promise<JournalPage | undefined> => {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await tryOne(place, wanted);
      if (answer !== "again") return answer.page;
      await pause(backOffMs(attempt));
    }
  };

  return async (after: number, starts: TopicStarts | undefined, wanted: () => boolean): Promise<Past | undefined> => {
    const stretch = new Stretch(after, encoding);
    const readAll = members.map(async (member): Promise<void> => {
      const from = Math.max(after, starts?.get(member.topicId) ?? 0);
      const page = await readOne({ topicId: member.topicId, from, after }, wanted);
      if (page !== undefined) stretch.add({ member, from, page });
    });
    await Promise.all(readAll);
    return wanted() ? stretch : undefined;
  };
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
