import { LRUCache } from "lru-cache";

/** Calls of the webhook that may be under way at once; with a slow webhook this is the scarce thing, not the rate. */
const callsAtOnce = 512;

/** Callers whose shares are remembered. */
const rememberedCallers = 10_000;

/** The part of its half, or of the whole, that one caller gets at most. */
const shareOfOne = 1 / 2;

/** Tokens that refill by time, up to those of one second. */
class Bucket {
  #level: number;
  #at: number;

  constructor(perSec: number, now: number) {
    this.#level = Math.max(1, perSec);
    this.#at = now;
  }

  has(perSec: number, now: number): boolean {
    const filled = this.#level + (Math.max(0, now - this.#at) / 1_000) * perSec;
    this.#level = Math.min(Math.max(1, perSec), filled);
    this.#at = now;
    return this.#level >= 1;
  }

  take(): void {
    this.#level -= 1;
  }
}

/** The rate and the number under way of one group of callers. */
class Lane {
  readonly bucket: Bucket;
  /** The group that contains it. */
  readonly #within: Lane | undefined;
  #underWay = 0;

  constructor(perSec: number, now: number, within?: Lane) {
    this.bucket = new Bucket(perSec, now);
    this.#within = within;
  }

  open(share: number, perSec: number, now: number): boolean {
    return this.#underWay < Math.max(1, callsAtOnce * share) && this.bucket.has(perSec * share, now);
  }

  enter(): void {
    this.bucket.take();
    this.#underWay += 1;
    this.#within?.enter();
  }

  leave(): void {
    this.#underWay -= 1;
    this.#within?.leave();
  }
}

/** A call that may begin; `leave` is to be called once when it is over. */
export type Admitted = Pick<Lane, "leave">;

export interface Caller {
  /** Who shares with nobody: a token that was good before, else the client's address. */
  readonly name: string;
  readonly known: boolean;
}

/**
 * Who may call the webhook now. Tokens nobody has seen get at most half of the calls, and one address half of that,
 * so that a flood of invented tokens leaves room for good ones.
 */
export class CallBudget {
  readonly #perSec: () => number;
  readonly #now: () => number;
  readonly #all: Lane;
  readonly #unknown: Lane;
  readonly #callers = new LRUCache<string, Lane>({ max: rememberedCallers });

  constructor(parts: { readonly perSec: () => number; readonly now: () => number }) {
    this.#perSec = parts.perSec;
    this.#now = parts.now;
    this.#all = new Lane(parts.perSec(), parts.now());
    this.#unknown = new Lane(parts.perSec() / 2, parts.now(), this.#all);
  }

  /** Undefined: the call must not begin. */
  take({ name, known }: Caller): Admitted | undefined {
    const now = this.#now();
    const perSec = this.#perSec();
    const half = known ? 1 : 1 / 2;
    const one = half * shareOfOne;
    const key = `${known} ${name}`;
    const seen = this.#callers.get(key);
    const caller = seen ?? new Lane(perSec * one, now, known ? this.#all : this.#unknown);
    const open = this.#all.open(1, perSec, now) && caller.open(one, perSec, now);
    if (!open || !(known || this.#unknown.open(half, perSec, now))) return undefined;
    if (seen === undefined) this.#callers.set(key, caller);
    caller.enter();
    return caller;
  }

  /** A repeated call counts like any other; false when it must not be made. */
  takeAgain(): boolean {
    const open = this.#all.bucket.has(this.#perSec(), this.#now());
    if (open) this.#all.bucket.take();
    return open;
  }
}
