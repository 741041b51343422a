import { monitorEventLoopDelay } from "node:perf_hooks";

const resolutionMs = 10;
const windowMs = 10_000;

/**
 * Seconds by which the event loop is late: the 99th percentile over the last 10 to 20 seconds, whoever looks and how
 * often. Measured by a timer of the runtime's own; its interval is taken off.
 */
export const watchEventLoopLag = (): { seconds(): number; stop(): void } => {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  const worst = (): number => Math.max(0, delay.percentile(99) / 1e9 - resolutionMs / 1_000);
  let before = 0;
  delay.enable();
  const timer = setInterval(() => {
    before = worst();
    delay.reset();
  }, windowMs);
  timer.unref();
  return {
    seconds: () => Math.max(before, worst()),
    stop: () => {
      clearInterval(timer);
      delay.disable();
    },
  };
};
