import type { Clock } from "../hub/ports.ts";
import { Breaker, type Turn } from "./breaker.ts";

const backOffMs = [100, 200, 300];
const longestBackOffMs = 300;

export interface GuardSettings {
  readonly threshold: number;
  readonly openForMs: number;
  readonly retries: () => number;
  readonly clock: Pick<Clock, "now" | "after">;
}

/** What a guarded call came to. `broken`: it was not made. */
export type Guarded<T> =
  | { readonly kind: "answer"; readonly answer: T }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "broken" };

/** A call under way; `call` is given the number of the attempt, from 0. It must not throw, but reject. */
interface UnderWay<T> {
  readonly call: (attempt: number) => Promise<T>;
  readonly turn: Turn;
}

/** A breaker around retries: it counts calls, not attempts. One promise a call, since each new stream may wait for one. */
export class GuardedCalls {
  readonly #settings: GuardSettings;
  readonly #breaker: Breaker;

  constructor(settings: GuardSettings) {
    const { threshold, openForMs, clock } = settings;
    this.#settings = settings;
    this.#breaker = new Breaker({ threshold, openForMs, now: () => clock.now() });
  }

  /** Also while a probe is under way. */
  get open(): boolean {
    return this.#breaker.open;
  }

  /** `told` when it opens, when a probe has failed, and when it closes. */
  onChange(told: (open: boolean) => void): void {
    this.#breaker.onChange(told);
  }

  /** `call` is given the number of the attempt, from 0; it must not throw, but reject. Never rejects itself. */
  run<T>(call: (attempt: number) => Promise<T>): Promise<Guarded<T>> {
    const turn = this.#breaker.begin();
    return turn === undefined ? Promise.resolve({ kind: "broken" }) : this.#attempt({ call, turn }, 0);
  }

  #attempt<T>(underWay: UnderWay<T>, attempt: number): Promise<Guarded<T>> {
    const { call, turn } = underWay;
    return call(attempt).then(
      (answer) => {
        this.#breaker.succeeded(turn);
        return { kind: "answer", answer };
      },
      (error: unknown) => {
        if (attempt < this.#settings.retries()) return this.#again(underWay, attempt);
        this.#breaker.failed(turn);
        return { kind: "failed", error };
      },
    );
  }

  #again<T>(underWay: UnderWay<T>, failed: number): Promise<Guarded<T>> {
    const { promise, resolve } = Promise.withResolvers<Guarded<T>>();
    this.#settings.clock.after(backOffMs[failed] ?? longestBackOffMs, () =>
      resolve(this.#attempt(underWay, failed + 1)),
    );
    return promise;
  }
}
