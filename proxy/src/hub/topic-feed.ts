import type { PublishedEvent } from "./event.ts";
import type { JournalBounds, JournalPage, LiveEvent, StoredEvent } from "./ports.ts";

/** What the feed wants done, in this order. */
export type FeedEffect =
  | { readonly kind: "deliver"; readonly sequence: number; readonly acceptedAt: number; readonly event: PublishedEvent }
  /** The journal no longer has what lay after `from`, up to and with `to`. */
  | { readonly kind: "gap"; readonly from: number; readonly to: number }
  /** Answer with `page` or `readFailed`; `attempt` counts tries that brought nothing. */
  | { readonly kind: "read"; readonly after: number; readonly attempt: number }
  /** Answer with `bounds`, asked for from now on, or `readFailed`. */
  | { readonly kind: "ask-bounds" };

/** What a comparison with the journal found. `firstSequence` was asked after the other two. */
export interface TailReport {
  readonly last: number;
  readonly checkedTo: number;
  readonly firstSequence: number;
}

export interface FeedLimits {
  readonly maxHeldEvents: number;
  readonly maxHeldBytes: number;
  /** Milliseconds for which an answering journal may go without the entries that were said to be in it. */
  readonly patienceMs: number;
}

export const feedLimits: FeedLimits = { maxHeldEvents: 256, maxHeldBytes: 1_048_576, patienceMs: 10_000 };

const nothing: readonly FeedEffect[] = [];

/** The journal answers, but has nothing of what is missing. */
interface Stuck {
  /** Milliseconds. */
  readonly since: number;
  /** An entry behind the hole came. Before, there was only word of one, which may never have been stored. */
  readonly proven: boolean;
}

/**
 * Turns what a topic's journal tells, with losses, into one complete ascending sequence of entries.
 * A state machine: inputs return effects, nothing waits in here.
 *
 * A hole waits as long as the journal does not answer. When it does answer but for `patienceMs` has nothing to fill
 * the hole with, the entries are gone (a replica is stale for milliseconds, never for seconds): the hole is told as a gap.
 */
export class TopicFeed {
  readonly #limits: FeedLimits;
  #passed: number | undefined;
  /** Entries up to here are known to be stored; above `passed` means that something is to be fetched. */
  #wanted = 0;
  #held: LiveEvent[] = [];
  #heldBytes = 0;
  #compared = false;
  #reading = false;
  #readAfter = 0;
  #attempt = 0;
  #stuck: Stuck | undefined;

  constructor(limits: FeedLimits) {
    this.#limits = limits;
  }

  /** Every entry of the topic up to here was delivered, skipped or told as a gap; undefined until the first comparison. */
  get passed(): number | undefined {
    return this.#passed;
  }

  /** An entry after `passed` is known to be missing, or cannot be excluded. */
  get behind(): boolean {
    return !this.#compared || this.#wanted > (this.#passed ?? 0);
  }

  /** Since live events last stopped. */
  get compared(): boolean {
    return this.#compared;
  }

  /**
   * True: the event is the one that was due, and is to be delivered. False: it is for `live`. Nearly all are due, so they
   * make no effects.
   */
  isDue(event: LiveEvent): boolean {
    const passed = this.#passed;
    if (passed === undefined || !this.#compared || this.#held.length > 0) return false;
    if (event.sequence <= passed || !follows(event, passed)) return false;
    this.#passed = event.sequence;
    return true;
  }

  live(event: LiveEvent): readonly FeedEffect[] {
    if (this.#passed === undefined || !this.#compared) {
      this.#hold(event);
      return nothing;
    }
    if (event.sequence <= this.#passed) return nothing;
    if (!follows(event, this.#passed)) {
      this.#hold(event);
      return event.previous === 0 && this.#held.length === 1 ? this.#askBounds() : this.#fill();
    }
    const effects: FeedEffect[] = [];
    this.#pass(event, effects);
    this.#releaseHeld(effects);
    return effects;
  }

  /**
   * The topic was compared with the journal. The first time this is where the topic's live part begins,
   * or at `beginAfter`, where that is earlier.
   */
  tail({ last, checkedTo, firstSequence }: TailReport, beginAfter = Number.POSITIVE_INFINITY): readonly FeedEffect[] {
    this.#compared = true;
    if (this.#passed === undefined) {
      this.#passed = Math.min(beginAfter, Math.max(last, checkedTo));
      if (last > this.#passed) this.#wanted = Math.max(this.#wanted, last);
    } else if (last > this.#passed) this.#wanted = Math.max(this.#wanted, last);
    // Entries may have come and gone unseen: only a read can tell.
    else if (firstSequence - 1 > this.#passed) this.#wanted = Math.max(this.#wanted, checkedTo);
    else if (this.#wanted <= this.#passed) this.#passed = Math.max(this.#passed, checkedTo);
    const effects: FeedEffect[] = [];
    this.#releaseHeld(effects);
    effects.push(...this.#fill());
    return effects;
  }

  /** `sequence` is stored, on this topic or another. */
  nudge(sequence: number): readonly FeedEffect[] {
    this.#wanted = Math.max(this.#wanted, sequence);
    return this.#fill();
  }

  page(page: JournalPage, now: number): readonly FeedEffect[] {
    this.#reading = false;
    if (this.#passed === undefined) return nothing;
    const before = this.#passed;
    // What is missing may be what arrived live meanwhile: only a page from here on can tell.
    if (page.missed && before > this.#readAfter) return this.#fill();
    const effects: FeedEffect[] = [];
    if (page.missed) this.#skipMissing(page.events[0]?.sequence, page.completeTo, effects);
    for (const entry of page.events) if (entry.sequence > this.#passed) this.#pass(entry, effects);
    this.#passed = Math.max(this.#passed, page.completeTo);
    this.#releaseHeld(effects);
    if (this.#passed > before || this.#wanted <= this.#passed) this.#progressed();
    else this.#foundNothing(now, effects);
    effects.push(...this.#fill());
    return effects;
  }

  /** Where the journal begins and ends, in the epoch of the topic's entries. */
  bounds({ firstSequence, lastSequence }: Omit<JournalBounds, "epoch">): readonly FeedEffect[] {
    this.#reading = false;
    const [next] = this.#held;
    const effects: FeedEffect[] = [];
    // The oldest go first: what the journal had between the two would be there still.
    const nothingGone =
      firstSequence - 1 <= (this.#passed ?? -1) && next !== undefined && next.sequence <= lastSequence;
    if (nothingGone && next.previous === 0) {
      if (next.sequence > (this.#passed ?? 0)) this.#pass(next, effects);
      this.#releaseHeld(effects);
    }
    if (this.#wanted <= (this.#passed ?? 0)) this.#progressed();
    effects.push(...this.#fill());
    return effects;
  }

  readFailed(): readonly FeedEffect[] {
    this.#reading = false;
    this.#attempt += 1;
    this.#stuck = undefined;
    return this.#fill();
  }

  /** Live entries are held until the topic was compared with the journal again. */
  disconnected(): void {
    this.#compared = false;
  }

  /** Sequences begin anew after `keptTo`, and what follows is to be delivered. A read under way must not be answered. */
  restarted(keptTo: number): void {
    if (this.#passed !== undefined) this.#passed = Math.min(this.#passed, keptTo);
    this.#wanted = Math.min(this.#wanted, keptTo);
    this.#forgetHeld();
    this.#compared = false;
    this.#reading = false;
    this.#progressed();
  }

  #fill(): readonly FeedEffect[] {
    if (this.#reading || !this.#compared) return nothing;
    if (this.#passed === undefined || this.#wanted <= this.#passed) return nothing;
    this.#reading = true;
    this.#readAfter = this.#passed;
    return [{ kind: "read", after: this.#passed, attempt: this.#attempt }];
  }

  #askBounds(): readonly FeedEffect[] {
    if (this.#reading) return nothing;
    this.#reading = true;
    return [{ kind: "ask-bounds" }];
  }

  #pass(entry: StoredEvent, effects: FeedEffect[]): void {
    const { sequence, acceptedAt, event } = entry;
    this.#passed = sequence;
    if (event !== undefined) effects.push({ kind: "deliver", sequence, acceptedAt, event });
  }

  #skipMissing(first: number | undefined, completeTo: number, effects: FeedEffect[]): void {
    const from = this.#passed ?? 0;
    const to = first === undefined ? completeTo : first - 1;
    if (to <= from) return;
    effects.push({ kind: "gap", from, to });
    this.#passed = to;
  }

  #hold(event: LiveEvent): void {
    this.#wanted = Math.max(this.#wanted, event.sequence);
    this.#held.push(event);
    this.#heldBytes += event.event?.data.length ?? 0;
    // The journal has them too: the fill brings what is forgotten here.
    if (this.#held.length > this.#limits.maxHeldEvents || this.#heldBytes > this.#limits.maxHeldBytes)
      this.#forgetHeld();
  }

  #forgetHeld(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }

  #releaseHeld(effects: FeedEffect[]): void {
    let released = 0;
    for (const event of this.#held) {
      if (this.#passed === undefined) break;
      if (event.sequence > this.#passed && !follows(event, this.#passed)) break;
      if (event.sequence > this.#passed) this.#pass(event, effects);
      this.#heldBytes -= event.event?.data.length ?? 0;
      released += 1;
    }
    if (released > 0) this.#held.splice(0, released);
  }

  #progressed(): void {
    this.#attempt = 0;
    this.#stuck = undefined;
  }

  #foundNothing(now: number, effects: FeedEffect[]): void {
    this.#attempt += 1;
    const proven = this.#held.length > 0;
    if (this.#stuck === undefined || (proven && !this.#stuck.proven)) this.#stuck = { since: now, proven };
    if (now - this.#stuck.since < this.#limits.patienceMs) return;
    this.#progressed();
    const [next] = this.#held;
    if (next === undefined) {
      this.#wanted = this.#passed ?? 0;
      return;
    }
    this.#skipMissing(next.sequence, next.sequence, effects);
    this.#releaseHeld(effects);
  }
}

/** A `previous` of 0 says that nothing older is stored, not that nothing was: then only the very next sequence is sure. */
const follows = (event: LiveEvent, passed: number): boolean =>
  event.previous === 0 ? event.sequence === passed + 1 : event.previous <= passed;
