import type { Clock } from "../../hub/ports.ts";

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, action) => {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
  endOfTurn: (action) => void setImmediate(action),
};
