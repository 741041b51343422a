import type { Clock } from "../ports.ts";

interface Timer {
  readonly at: number;
  readonly action: () => void;
}

/** Promise chains of the code under test are shorter than this. */
const microtaskRounds = 24;

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now: number;
  #timers = new Set<Timer>();
  #endOfTurn: (() => void)[] = [];

  constructor(now = 1_700_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, action: () => void): () => void {
    const timer = { at: this.#now + ms, action };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  endOfTurn(action: () => void): void {
    this.#endOfTurn.push(action);
  }

  get pendingTimers(): number {
    return this.#timers.size;
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
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.action();
      await this.settle();
    }
    this.#now = end;
  }

  #next(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer;
    return next;
  }
}
