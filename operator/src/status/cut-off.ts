import type { Situation } from "./situation.ts";

/**
 * Whether every proxy that is ready says itself that it has lost NATS; false where none has been asked. One that is not
 * ready has not reached it yet: it may have begun a moment ago.
 */
export const allCutOff = ({ input, proxies }: Pick<Situation, "input" | "proxies">): boolean => {
  const lost = (input.healing?.ailing ?? []).filter(({ cause }) => cause === "NatsLost").length;
  const ready = proxies?.ready ?? 0;
  return ready > 0 && lost >= ready;
};

/** What that means for listeners and publishers. */
export const untilTheyReachIt = "Until they do streams stay open, and publishing is answered with 503.";
