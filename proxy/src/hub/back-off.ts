const firstMs = 100;
const longestMs = 5_000;

/** Milliseconds before try number `attempt` (0 = at once): 100 ms, doubled each time up to 5 s. */
export const backOffMs = (attempt: number): number =>
  attempt <= 0 ? 0 : Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 16));
