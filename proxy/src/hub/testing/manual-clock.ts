import type { Clock } from "../ports.ts";

interface Timer {
  readonly at: number;
  /** Undefined: it was cancelled. */
  action: (() => void) | undefined;
}

/** Promise chains of the code under test are shorter than this. */
const microtaskRounds = 24;

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now: number;
  /** In the order in which they are due. */
  #timers: Timer[] = [];
  /** Those before it are over. */
  #first = 0;
  #pending = 0;
  #endOfTurn: (() => void)[] = [];

  constructor(now = 1_700_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, action: () => void): () => void {
    if (Number.isNaN(ms)) throw new RangeError("a timer needs a time");
    const timer: Timer = { at: this.#now + ms, action };
    this.#timers.splice(this.#placeOf(timer.at), 0, timer);
    this.#pending += 1;
    return () => {
      if (timer.action !== undefined) this.#pending -= 1;
      timer.action = undefined;
    };
  }

  endOfTurn(action: () => void): void {
    this.#endOfTurn.push(action);
  }

  get pendingTimers(): number {
    return this.#pending;
  }

  /** Lets promises settle, then ends one turn of the event loop; true when there was something to do at its end. */
  async turn(): Promise<boolean> {
    for (let round = 0; round < microtaskRounds; round += 1) await undefined;
    const actions = this.#endOfTurn;
    this.#endOfTurn = [];
    for (const action of actions) action();
    return actions.length > 0;
  }

  /** Ends turns until nothing happens any more at this instant. */
  async settle(): Promise<void> {
    while (await this.turn());
  }

  /** Moves the time on, stopping at each timer on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    for (let action = this.#next(end); action !== undefined; action = this.#next(end)) {
      action();
      await this.settle();
    }
    this.#now = end;
  }

  /** Takes what is due by `end` next, and moves the time there. */
  #next(end: number): (() => void) | undefined {
    for (
      let timer = this.#timers[this.#first];
      timer !== undefined && timer.at <= end;
      timer = this.#timers[this.#first]
    ) {
      this.#first += 1;
      this.#compact();
      const { action } = timer;
      if (action === undefined) continue;
      timer.action = undefined;
      this.#pending -= 1;
      this.#now = Math.max(this.#now, timer.at);
      return action;
    }
    return undefined;
  }

  #compact(): void {
    if (this.#first * 2 < this.#timers.length) return;
    this.#timers = this.#timers.slice(this.#first);
    this.#first = 0;
  }

  /** Behind all that are due by then. */
  #placeOf(at: number): number {
    let low = this.#first;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#timers[middle]?.at ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
