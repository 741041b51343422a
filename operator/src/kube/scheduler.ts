import type { Scheduler } from "./work-queue.ts";

/** The machine's monotonic clock; its timers do not keep the process alive. */
export const systemScheduler: Scheduler = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
  random: Math.random,
};
