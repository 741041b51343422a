import type { Clock, Log } from "../hub/ports.ts";

const quietMs = 10_000;

/** A warning that a flood of causes cannot turn into a flood of lines: one per 10 s, with the number left out. */
export const boundedWarning = (deps: { readonly clock: Clock; readonly log: Log }, message: string) => {
  let lastAt = Number.NEGATIVE_INFINITY;
  let suppressed = 0;
  return (fields: Readonly<Record<string, unknown>>): void => {
    const now = deps.clock.now();
    if (now - lastAt < quietMs) {
      suppressed += 1;
      return;
    }
    deps.log.warn(message, suppressed === 0 ? fields : { ...fields, suppressed });
    lastAt = now;
    suppressed = 0;
  };
};
