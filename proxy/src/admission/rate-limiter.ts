import { LRUCache } from "lru-cache";
import { gcra, type Rate } from "./gcra.ts";

export interface RateLimiterParts {
  /** Asked for each request; undefined: no limit. */
  readonly rate: () => Rate | undefined;
  /** Milliseconds; never goes back. */
  readonly now: () => number;
  /** Clients remembered at once; the one that asked longest ago is forgotten first. */
  readonly remembered: number;
  /** A request was allowed and counted here. */
  readonly onTaken?: ((client: string) => void) | undefined;
}

/** Limits how often each of many clients may ask. */
export class RateLimiter {
  readonly #parts: RateLimiterParts;
  /** It reserves its room at once, and most limits are never set. */
  #arrivals: LRUCache<string, number> | undefined;

  constructor(parts: RateLimiterParts) {
    this.#parts = parts;
  }

  /** Milliseconds after which the client may try again; undefined: this request is allowed, and counted. */
  take(client: string): number | undefined {
    const rate = this.#parts.rate();
    if (rate === undefined) return undefined;
    const verdict = gcra(rate, this.#known.get(client), this.#parts.now());
    if (verdict.kind === "limited") return verdict.retryAfterMs;
    this.#known.set(client, verdict.arrival);
    this.#parts.onTaken?.(client);
    return undefined;
  }

  /** A request of the client was allowed elsewhere, and counts here too. */
  takenElsewhere(client: string): void {
    const rate = this.#parts.rate();
    if (rate === undefined) return;
    const arrival = Math.max(this.#known.get(client) ?? 0, this.#parts.now());
    this.#known.set(client, arrival + rate.windowMs / rate.limit);
  }

  get #known(): LRUCache<string, number> {
    this.#arrivals ??= new LRUCache({ max: this.#parts.remembered });
    return this.#arrivals;
  }
}
