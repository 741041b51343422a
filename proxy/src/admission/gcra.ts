/** So many requests in a window, all at once or spread over it. */
export interface Rate {
  /** At least 1. */
  readonly limit: number;
  readonly windowMs: number;
}

export type RateVerdict =
  | { readonly kind: "allowed"; readonly arrival: number }
  | { readonly kind: "limited"; readonly retryAfterMs: number };

/**
 * Generic cell rate algorithm: one number a client, the theoretical arrival time of its next request.
 * `arrival` is what the last allowed request gave, undefined for a client that is not remembered; times are in milliseconds.
 */
export const gcra = ({ limit, windowMs }: Rate, arrival: number | undefined, now: number): RateVerdict => {
  const spacing = windowMs / limit;
  // A clock that went back, or a window that became shorter, must not lock anybody out for longer than a window.
  const due = Math.min(Math.max(arrival ?? now, now), now + windowMs);
  const early = due + spacing - windowMs - now;
  // Sums of fractions drift: less than a microsecond is no refusal.
  return early > 0.001 ? { kind: "limited", retryAfterMs: early } : { kind: "allowed", arrival: due + spacing };
};
