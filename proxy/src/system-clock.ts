import type { Clock } from "./hub/ports.ts";

/** The machine's clock and the event loop's timers. */
export const systemClock: Clock = {
  now: Date.now,
  after: (ms, action) => {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
  endOfTurn: setImmediate,
};
