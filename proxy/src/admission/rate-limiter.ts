import { LRUCache } from "lru-cache";
import { gcra, type Rate } from "./gcra.ts";

export interface RateLimiterParts {
  /** Asked for each request; undefined: no limit. */
  readonly rate: () => Rate | undefined;
  /** Milliseconds; never goes back. */
  readonly now: () => number;
  /** Clients remembered at once; the one that asked longest ago is forgotten first. */
  readonly remembered: number;
}

/** Limits how often each of many clients may ask. */
export class RateLimiter {
  readonly #parts: RateLimiterParts;
  readonly #arrivals: LRUCache<string, number>;

  constructor(parts: RateLimiterParts) {
    this.#parts = parts;
    this.#arrivals = new LRUCache({ max: parts.remembered });
  }

  /** Milliseconds after which the client may try again; undefined: this request is allowed, and counted. */
  take(client: string): number | undefined {
    const rate = this.#parts.rate();
    if (rate === undefined) return undefined;
    const verdict = gcra(rate, this.#arrivals.get(client), this.#parts.now());
    if (verdict.kind === "limited") return verdict.retryAfterMs;
    this.#arrivals.set(client, verdict.arrival);
    return undefined;
  }
}
