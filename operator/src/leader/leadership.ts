import type { Scheduler } from "../kube/work-queue.ts";
import type { ElectionTimes } from "./election.ts";
import { Elector, type LeasePort } from "./elector.ts";
import { NotLeadingError, WriteFence, type WriteGrant } from "./fence.ts";

/** Whether this operator may write, and how it comes and goes. */
export interface Leadership {
  readonly leads: boolean;
  /** Milliseconds since the election last did anything; 0 without one. */
  readonly lastTurnAgeMs: number;
  /** Runs one write if this operator leads; else rejects with NotLeadingError. */
  guard<T>(write: (grant: WriteGrant) => Promise<T>): Promise<T>;
  start(): void;
  /** Lets no more writes through, cuts off what is under way and hands over: at once, or after the lease time when something was cut off. */
  stop(): Promise<void>;
}

export interface LeadershipEvents {
  /** Writes may begin: everything is to be looked at. */
  readonly onGained: () => void;
  readonly onLost: () => void;
  /** The Lease could not be read or written this time. */
  readonly onFailed: (error: unknown) => void;
}

export interface LeadershipParts extends LeadershipEvents {
  readonly lease: LeasePort;
  readonly identity: string;
  readonly times: ElectionTimes;
  readonly scheduler: Scheduler;
  readonly wallClock: () => Date;
}

/** Leads while it holds the Lease. */
export const electedLeadership = (parts: LeadershipParts): Leadership => {
  const { onGained, onLost, scheduler, ...rest } = parts;
  const fence = new WriteFence({ scheduler, onOpened: onGained, onClosed: onLost });
  const elector = new Elector({
    ...rest,
    scheduler,
    onHeld: (until) => fence.openUntil(until),
    onLost: () => fence.close(),
  });
  return {
    get leads() {
      return fence.isOpen;
    },
    get lastTurnAgeMs() {
      return elector.lastTurnAgeMs;
    },
    guard: (write) => fence.guard(write),
    start: () => elector.start(),
    stop: async () => {
      await elector.stop();
      // A write that is cut off may still be carried out by the API server: then nobody else may write yet.
      const mayRelease = fence.isOpen && fence.writesUnderWay === 0;
      fence.close();
      if (!mayRelease) return;
      await elector.release().catch(parts.onFailed);
    },
  };
};

/** Leads from start to stop: for an operator that is the only one. */
export const soleLeadership = ({ onGained }: Pick<LeadershipEvents, "onGained">): Leadership => {
  const end = new AbortController();
  let started = false;
  return {
    get leads() {
      return started && !end.signal.aborted;
    },
    lastTurnAgeMs: 0,
    guard: async (write) => {
      if (end.signal.aborted) throw new NotLeadingError("this operator ends: nothing was written");
      return write({ signal: end.signal, permit: () => !end.signal.aborted });
    },
    start: () => {
      started = true;
      onGained();
    },
    stop: async () => end.abort(),
  };
};
