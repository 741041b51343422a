import type { TopicId } from "./event.ts";
import type { Clock, JournalPage } from "./ports.ts";

export interface PageCacheLimits {
  /** Bytes of all pages that are kept; the oldest page goes first. */
  readonly maxBytes: number;
  /** Milliseconds a page is kept: long enough for clients that come back in one storm. */
  readonly lifeMs: number;
}

interface KeptPage {
  readonly topicId: TopicId;
  /** The page holds what lies after this sequence. */
  readonly after: number;
  readonly page: JournalPage;
  readonly bytes: number;
  readonly until: number;
}

/** What an event takes besides its data. */
const eventOverhead = 200;
const pageOverhead = 400;

/** Pages of the journal that were read moments ago. What they say of a topic's past stays true, for as long as the epoch lasts. */
export class PageCache {
  readonly #clock: Clock;
  readonly #limits: PageCacheLimits;
  /** Oldest first. */
  readonly #kept = new Set<KeptPage>();
  readonly #ofTopic = new Map<TopicId, Set<KeptPage>>();
  #bytes = 0;
  #cancelPurge: (() => void) | undefined;

  constructor(clock: Clock, limits: PageCacheLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What is known to lie after the sequence `after`, by the page that reaches furthest. */
  find(topicId: TopicId, after: number): JournalPage | undefined {
    const now = this.#clock.now();
    const pages = [...(this.#ofTopic.get(topicId) ?? [])].filter(({ until }) => until > now);
    // Of what was removed it is not known where it lay; but who stands before one that lacks something lacks it, too.
    const missedAfter = pages.reduce((most, kept) => (kept.page.missed ? Math.max(most, kept.after) : most), -1);
    let furthest: JournalPage | undefined;
    for (const kept of pages) {
      const { page } = kept;
      const isDoubtful = page.missed && kept.after < after && after < missingTo(page) && after > missedAfter;
      if (isDoubtful || !covers(kept, after) || page.completeTo <= (furthest?.completeTo ?? 0)) continue;
      furthest = page;
    }
    return furthest === undefined ? undefined : partAfter(furthest, after);
  }

  keep(topicId: TopicId, after: number, page: JournalPage): void {
    if (page.completeTo <= after) return;
    const bytes = page.events.reduce((sum, { event }) => sum + (event?.data.length ?? 0) + eventOverhead, pageOverhead);
    const kept = { topicId, after, page, bytes, until: this.#clock.now() + this.#limits.lifeMs };
    this.#kept.add(kept);
    const others = this.#ofTopic.get(topicId);
    if (others === undefined) this.#ofTopic.set(topicId, new Set([kept]));
    else others.add(kept);
    this.#bytes += bytes;
    for (const oldest of this.#kept) {
      if (this.#bytes <= this.#limits.maxBytes) break;
      this.#forget(oldest);
    }
    this.#purgeLater();
  }

  clear(): void {
    this.#cancelPurge?.();
    this.#cancelPurge = undefined;
    this.#kept.clear();
    this.#ofTopic.clear();
    this.#bytes = 0;
  }

  #forget(kept: KeptPage): void {
    this.#kept.delete(kept);
    this.#bytes -= kept.bytes;
    const others = this.#ofTopic.get(kept.topicId);
    others?.delete(kept);
    if (others?.size === 0) this.#ofTopic.delete(kept.topicId);
  }

  #purgeLater(): void {
    if (this.#kept.size === 0) return;
    this.#cancelPurge ??= this.#clock.after(this.#limits.lifeMs, () => {
      this.#cancelPurge = undefined;
      for (const kept of this.#kept) if (kept.until <= this.#clock.now()) this.#forget(kept);
      this.#purgeLater();
    });
  }
}

const covers = ({ after: from, page }: KeptPage, after: number): boolean => from <= after && after < page.completeTo;

/** The last sequence up to which entries may be missing from a page that misses some. */
const missingTo = ({ events: [first], completeTo }: JournalPage): number =>
  first === undefined ? completeTo : first.sequence - 1;

const partAfter = (page: JournalPage, after: number): JournalPage => ({
  ...page,
  events: page.events.filter(({ sequence }) => sequence > after),
  missed: page.missed && after < missingTo(page),
});
