import type { TopicId } from "./event.ts";
import { PageCache, type PageCacheLimits } from "./page-cache.ts";
import type { Clock, Journal, JournalPage, JournalPlace } from "./ports.ts";
import type { ReadGate } from "./read-gate.ts";

export interface PageLimits extends PageCacheLimits {
  /** Streams, or groups of them at one place, that are answered in a turn of the event loop; then live events have theirs. */
  readonly answersPerTurn: number;
}

export const pageLimits: PageLimits = { maxBytes: 16_777_216, lifeMs: 5_000, answersPerTurn: 32 };

export interface SharedPagesDependencies {
  readonly journal: Pick<Journal, "read" | "locate">;
  readonly clock: Clock;
  /** Reads of all topics together. */
  readonly gate: ReadGate;
}

interface Request {
  readonly after: number;
  readonly wanted: () => boolean;
  readonly resolve: (page: JournalPage | undefined) => void;
  readonly reject: (fault: unknown) => void;
}

interface TopicReads {
  /** In the order in which they came. */
  waiting: Request[];
  /** Who has waited longest was served last. */
  oldestWas: boolean;
}

/**
 * Reads topics' past for streams, each page once for all who need it now or moments later.
 *
 * A topic has one read at a time, so the gate's order is fair to topics however many clients each has. The page that is
 * read next is by turns that of the furthest behind, which the others are then likely to be within, and that of who has
 * waited longest: n clients anywhere in a topic cost about two reads for each of its pages.
 */
export class SharedPages {
  readonly #dependencies: SharedPagesDependencies;
  readonly #cache: PageCache;
  readonly #answersPerTurn: number;
  readonly #topics = new Map<TopicId, TopicReads>();
  readonly #places = new Map<string, Promise<number>>();
  #answers: (() => void)[] = [];
  #answeredInTurn = 0;
  #turnEnds = false;
  #restarts = 0;

  constructor(dependencies: SharedPagesDependencies, limits: PageLimits) {
    this.#dependencies = dependencies;
    this.#cache = new PageCache(dependencies.clock, limits);
    this.#answersPerTurn = limits.answersPerTurn;
  }

  /** At most one page of what lies after the sequence `after`; undefined when it is no longer wanted. */
  read(topicId: TopicId, after: number, wanted: () => boolean): Promise<JournalPage | undefined> {
    return new Promise((resolve, reject) => {
      const request = { after, wanted, resolve, reject };
      const kept = this.#cache.find(topicId, after);
      if (kept !== undefined) this.#answer(request, kept);
      else this.#enqueue(topicId, request);
    });
  }

  /** As the journal's; those who ask for the same place at the same time share the question. */
  locate(topicId: TopicId, place: JournalPlace): Promise<number> {
    const key = `${this.#restarts} ${topicId} ${JSON.stringify(place)}`;
    const asked = this.#places.get(key);
    if (asked !== undefined) return asked;
    const { gate, journal } = this.#dependencies;
    const answer = gate.run(() => journal.locate(topicId, place)).finally(() => this.#places.delete(key));
    this.#places.set(key, answer);
    return answer;
  }

  /** Sequences begin anew: what was read, or is being read, says nothing. */
  restarted(): void {
    this.#restarts += 1;
    this.#cache.clear();
  }

  stop(): void {
    this.#cache.clear();
  }

  #enqueue(topicId: TopicId, request: Request): void {
    const reads = this.#topics.get(topicId);
    if (reads !== undefined) {
      reads.waiting.push(request);
      return;
    }
    const first = { waiting: [request], oldestWas: true };
    this.#topics.set(topicId, first);
    void this.#work(topicId, first);
  }

  async #work(topicId: TopicId, reads: TopicReads): Promise<void> {
    for (let next = nextOf(reads); next !== undefined; next = nextOf(reads)) {
      const { after } = next;
      const restarts = this.#restarts;
      try {
        const page = await this.#dependencies.gate.run(() => this.#readFor(topicId, reads, after));
        if (page !== undefined && restarts === this.#restarts) this.#hand(topicId, reads, { after, page });
      } catch (fault) {
        // Each tries again after a while of its own.
        for (const request of reads.waiting.splice(0)) request.reject(fault);
      }
    }
    this.#topics.delete(topicId);
  }

  /** Who wanted it may have gone while the read waited for its turn. */
  async #readFor(topicId: TopicId, { waiting }: TopicReads, after: number): Promise<JournalPage | undefined> {
    const isWanted = waiting.some((request) => request.after === after && request.wanted());
    return isWanted ? await this.#dependencies.journal.read(topicId, after) : undefined;
  }

  #hand(topicId: TopicId, reads: TopicReads, { after, page }: { after: number; page: JournalPage }): void {
    this.#cache.keep(topicId, after, page);
    const others: Request[] = [];
    for (const request of reads.waiting) {
      const known = request.after === after ? page : this.#cache.find(topicId, request.after);
      if (known === undefined) others.push(request);
      else this.#answer(request, known);
    }
    reads.waiting = others;
  }

  #answer(request: Request, page: JournalPage): void {
    const restarts = this.#restarts;
    this.#answers.push(() => request.resolve(restarts === this.#restarts && request.wanted() ? page : undefined));
    this.#giveAnswers();
  }

  #giveAnswers(): void {
    for (const give of this.#answers.splice(0, this.#answersPerTurn - this.#answeredInTurn)) {
      give();
      this.#answeredInTurn += 1;
    }
    if (this.#answeredInTurn === 0 || this.#turnEnds) return;
    this.#turnEnds = true;
    this.#dependencies.clock.endOfTurn(() => {
      this.#turnEnds = false;
      this.#answeredInTurn = 0;
      this.#giveAnswers();
    });
  }
}

const nextOf = (reads: TopicReads): Request | undefined => {
  const gone = reads.waiting.filter(({ wanted }) => !wanted());
  if (gone.length > 0) reads.waiting = reads.waiting.filter(({ wanted }) => wanted());
  for (const { resolve } of gone) resolve(undefined);
  reads.oldestWas = !reads.oldestWas;
  if (reads.oldestWas) return reads.waiting[0];
  return reads.waiting.reduce<Request | undefined>(
    (lowest, request) => (lowest === undefined || request.after < lowest.after ? request : lowest),
    undefined,
  );
};
