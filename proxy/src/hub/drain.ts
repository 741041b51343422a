import type { Clock } from "./ports.ts";

const tickMs = 100;

export interface Drain {
  /** Milliseconds from now within which the last stream is ended. */
  readonly withinMs: number;
  /** Streams ended each second; raised where `withinMs` would not suffice. */
  readonly ratePerSec: number;
}

export interface DrainPace {
  readonly open: number;
  readonly ratePerSec: number;
  readonly msLeft: number;
  /** Part of a stream that the ticks before left over. */
  readonly carried: number;
}

/** How many streams to end in a tick: at the stated rate, or faster where the time left needs it. */
export const streamsToEnd = ({ open, ratePerSec, msLeft, carried }: DrainPace): { count: number; carried: number } => {
  if (msLeft <= tickMs) return { count: open, carried: 0 };
  const rate = Math.max(ratePerSec, (open * 1_000) / msLeft);
  const due = carried + (rate * tickMs) / 1_000;
  const count = Math.min(open, Math.floor(due));
  return { count, carried: due - Math.floor(due) };
};

/** Each client its own reconnection time, 100-200 % of the base, so that they do not come back at once. */
export const jitteredRetry = (retryMs: number, random: () => number): number => Math.round(retryMs * (1 + random()));

export interface DrainSchedule {
  readonly clock: Clock;
  readonly withinMs: number;
  readonly ratePerSec: number;
  readonly open: () => number;
  /** Streams that are ended but whose response is still under way. */
  readonly closing: () => number;
  readonly end: (count: number) => void;
}

/** Resolves when all streams are closed, or at the deadline, when all are at least ended. */
export const runDrain = (schedule: DrainSchedule): Promise<void> =>
  new Promise((resolve) => {
    const { clock, withinMs, ratePerSec, open, closing, end } = schedule;
    const deadline = clock.now() + withinMs;
    let carried = 0;
    const tick = () => {
      const msLeft = deadline - clock.now();
      const due = streamsToEnd({ open: open(), ratePerSec, msLeft, carried });
      carried = due.carried;
      end(due.count);
      if (open() + closing() === 0 || msLeft <= 0) resolve();
      else clock.after(Math.min(tickMs, msLeft), tick);
    };
    tick();
  });
