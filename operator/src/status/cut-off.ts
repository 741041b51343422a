import type { Situation } from "./situation.ts";

/** Whether every proxy that is ready says itself that it has lost NATS; false where none has been asked. */
export const allCutOff = ({ input, proxies }: Pick<Situation, "input" | "proxies">): boolean => {
  const lost = (input.healing?.ailing ?? []).filter(({ cause }) => cause === "NatsLost").length;
  return lost > 0 && lost >= (proxies?.ready ?? 0);
};

/** What that means for listeners and publishers. */
export const untilTheyReachIt = "Until they do streams stay open, and publishing is answered with 503.";
