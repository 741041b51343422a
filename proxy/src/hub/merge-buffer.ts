import type { DeliveredEvent } from "./delivered-event.ts";
import type { Topic, TopicId } from "./event.ts";
import type { GapReason } from "./sse-frame.ts";

/** What one topic of a merged channel knows of itself. */
export interface MergeMember {
  readonly topic: Topic;
  readonly topicId: TopicId;
  /** Everything of the topic up to here was handed over, or is a gap. */
  readonly passed: number;
  /** Something after `passed` is known to be missing, or cannot be excluded. */
  readonly behind: boolean;
  /** Milliseconds between the first and the last of the failures since the journal last answered for it; 0 = no two of them. */
  readonly failingForMs: number;
}

/** A topic lacks what lay after `from`, up to and with `to`. */
export interface MergeGap {
  readonly kind: "gap";
  readonly topic: Topic;
  readonly from: number;
  readonly to: number;
  readonly reason: GapReason;
}

export type MergeItem = DeliveredEvent | MergeGap;

/** What became ready. */
export interface Merged {
  /** Belongs before what was already released; in the order in which it was found. */
  readonly late: readonly MergeItem[];
  /** Everything up to here is to be read from the journal. */
  readonly skippedTo: number | undefined;
  readonly inOrder: readonly MergeItem[];
  /** Events of topics that had been given up. */
  readonly dropped: number;
}

export interface MergeLimits {
  readonly maxItems: number;
  readonly maxBytes: number;
}

export const mergeLimits: MergeLimits = { maxItems: 512, maxBytes: 1_048_576 };

/** A gap comes before the events that it lies between. */
const keyOf = (item: MergeItem): number => (item.kind === "gap" ? item.from + 0.5 : item.sequence);
const endOf = (item: MergeItem): number => (item.kind === "gap" ? item.to : item.sequence);
const sizeOf = (item: MergeItem): number => (item.kind === "gap" ? 0 : item.size);

/** Brings what several topics deliver into journal order. A topic that is behind holds up the others, until it is given up. */
export class MergeBuffer {
  readonly #limits: MergeLimits;
  #waiting: MergeItem[] = [];
  #late: MergeItem[] = [];
  #bytes = 0;
  /** Too much was waiting: what lies up to here was let go, and the journal has it. */
  #skipTo = 0;
  #givenUpTo = new Map<Topic, number>();
  #dropped = 0;
  #passed = 0;

  constructor(limits: MergeLimits) {
    this.#limits = limits;
  }

  /** Everything up to here was released, late ones excepted. */
  get passed(): number {
    return this.#passed;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Begins after `passed` with nothing waiting. */
  reset(passed: number): void {
    this.#waiting = [];
    this.#late = [];
    this.#bytes = 0;
    this.#skipTo = 0;
    this.#givenUpTo.clear();
    this.#passed = passed;
  }

  /** What was handed over and lies after `keptTo` is void; the journal has the rest of what waits. */
  restarted(keptTo: number): void {
    const handedTo = this.#waiting.reduce((end, item) => Math.max(end, endOf(item)), this.#skipTo);
    this.reset(Math.min(this.#passed, keptTo));
    this.#skipTo = Math.min(handedTo, keptTo);
  }

  add(item: MergeItem): void {
    const topic = item.kind === "gap" ? item.topic : item.parts.topic;
    if (endOf(item) <= (this.#givenUpTo.get(topic) ?? 0)) {
      if (item.kind === "event") this.#dropped += 1;
      return;
    }
    const ahead = this.#takeLatePart(item);
    if (ahead === undefined) return;
    this.#waiting.push(ahead);
    this.#bytes += sizeOf(ahead);
    if (this.#waiting.length > this.#limits.maxItems || this.#bytes > this.#limits.maxBytes) this.letGo();
  }

  /** Forgets what waits: streams read it from the journal once its topics are level. */
  letGo(): void {
    for (const item of this.#waiting) this.#skipTo = Math.max(this.#skipTo, endOf(item));
    this.#waiting = [];
    this.#bytes = 0;
  }

  settle(members: readonly MergeMember[]): Merged {
    const barrier = this.#barrier(members);
    const skippedTo = this.#skip(barrier);
    const inOrder = this.#release(barrier);
    for (const item of inOrder) this.#passed = Math.max(this.#passed, endOf(item));
    this.#passThrough(members);
    const [late, dropped] = [this.#late, this.#dropped];
    this.#late = [];
    this.#dropped = 0;
    return { late, skippedTo, inOrder, dropped };
  }

  /** What topics lack that cannot be read becomes a gap, as far as it holds up the others. */
  giveUp(unreadable: readonly MergeMember[]): void {
    const to = this.#waiting.reduce((end, item) => Math.max(end, endOf(item)), 0);
    for (const member of unreadable) {
      const from = this.levelOf(member);
      if (from >= to) continue;
      this.#givenUpTo.set(member.topic, to);
      const gap = this.#takeLatePart({ kind: "gap", topic: member.topic, from, to, reason: "unreadable" });
      if (gap !== undefined) this.#waiting.push(gap);
    }
  }

  /**
   * What belongs before the place that was reached is late: who reads on from there does not find it. Answers what lies
   * after the place, of a gap that may be a part: streams that begin there must be told it, too.
   */
  #takeLatePart(item: MergeItem): MergeItem | undefined {
    if (endOf(item) <= this.#passed) {
      this.#late.push(item);
      return undefined;
    }
    if (item.kind === "event" || item.from >= this.#passed) return item;
    this.#late.push({ ...item, to: this.#passed });
    return { ...item, from: this.#passed };
  }

  /** Nothing of the topic up to here is still to come. */
  levelOf({ topic, passed }: MergeMember): number {
    return Math.max(passed, this.#givenUpTo.get(topic) ?? 0);
  }

  #barrier(members: readonly MergeMember[]): number {
    let barrier = Number.POSITIVE_INFINITY;
    for (const member of members) if (member.behind) barrier = Math.min(barrier, this.levelOf(member));
    return barrier;
  }

  #skip(barrier: number): number | undefined {
    const target = Math.min(barrier, this.#skipTo);
    if (target <= this.#passed) return undefined;
    this.#passed = target;
    // Who has not got so far reads all of it from the journal.
    this.#waiting = this.#waiting
      .filter((item) => endOf(item) > target)
      .map((item) => (item.kind === "gap" ? { ...item, from: Math.max(item.from, target) } : item));
    this.#bytes = this.#waiting.reduce((sum, item) => sum + sizeOf(item), 0);
    return target;
  }

  #release(barrier: number): readonly MergeItem[] {
    if (this.#skipTo > this.#passed || this.#waiting.length === 0) return [];
    this.#waiting.sort((left, right) => keyOf(left) - keyOf(right));
    const held = this.#waiting.findIndex((item) => keyOf(item) > barrier);
    const reached = this.#waiting.splice(0, held === -1 ? this.#waiting.length : held);
    for (const item of reached) this.#bytes -= sizeOf(item);
    return reached.map((item) => this.#upTo(barrier, item));
  }

  /** Of a gap that reaches beyond the barrier the rest waits. */
  #upTo(barrier: number, item: MergeItem): MergeItem {
    if (item.kind === "event" || item.to <= barrier) return item;
    this.#waiting.push({ ...item, from: barrier });
    return { ...item, to: barrier };
  }

  /** Where all topics are further than what was released, or lack what comes next, the place moves on without an event. */
  #passThrough(members: readonly MergeMember[]): void {
    if (this.#skipTo > this.#passed) return;
    let level = members.reduce((least, { passed }) => Math.min(least, passed), Number.POSITIVE_INFINITY);
    const [next] = this.#waiting;
    if (next !== undefined) level = Math.min(level, Math.ceil(keyOf(next)) - 1);
    if (Number.isFinite(level)) this.#passed = Math.max(this.#passed, level);
  }
}
