import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleAll,
  IterableBackoff,
  type RetryPolicy,
  retry,
} from "cockatiel";

const backOffMs = [100, 200, 300];

export interface GuardSettings {
  readonly threshold: number;
  readonly openForMs: number;
  readonly retries: () => number;
}

/** What a guarded call came to. `broken`: it was not made. */
export type Guarded<T> =
  | { readonly kind: "answer"; readonly answer: T }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "broken" };

/** A breaker around retries: it counts calls, not attempts. */
export class GuardedCalls {
  readonly #breaker: CircuitBreakerPolicy;
  readonly #retries: () => number;
  #retrying: { readonly attempts: number; readonly policy: RetryPolicy } | undefined;

  constructor({ threshold, openForMs, retries }: GuardSettings) {
    this.#breaker = circuitBreaker(handleAll, {
      breaker: new ConsecutiveBreaker(threshold),
      halfOpenAfter: openForMs,
    });
    this.#retries = retries;
  }

  /** Also while a probe is under way. */
  get open(): boolean {
    return this.#breaker.state !== CircuitState.Closed;
  }

  onChange(told: (open: boolean) => void): void {
    this.#breaker.onStateChange((state) => told(state !== CircuitState.Closed));
  }

  /** `call` is given the number of the attempt, from 0. */
  async run<T>(call: (attempt: number) => Promise<T>): Promise<Guarded<T>> {
    // Others would wait for the probe's end, which may be far.
    if (this.#breaker.state === CircuitState.HalfOpen) return { kind: "broken" };
    const retrying = this.#retryPolicy();
    try {
      return {
        kind: "answer",
        answer: await this.#breaker.execute(() => retrying.execute(({ attempt }) => call(attempt))),
      };
    } catch (error) {
      return error instanceof BrokenCircuitError ? { kind: "broken" } : { kind: "failed", error };
    }
  }

  /** Made once for each setting. */
  #retryPolicy(): RetryPolicy {
    const attempts = this.#retries();
    if (this.#retrying?.attempts !== attempts)
      this.#retrying = {
        attempts,
        policy: retry(handleAll, { maxAttempts: attempts, backoff: new IterableBackoff(backOffMs) }),
      };
    return this.#retrying.policy;
  }
}
