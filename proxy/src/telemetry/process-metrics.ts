import { totalmem } from "node:os";
import type { Instruments } from "./instruments.ts";

/** CPU in percent of one core between two looks. */
const cpuMeter = (): (() => number) => {
  let at = process.hrtime.bigint();
  let used = process.cpuUsage();
  return () => {
    const now = process.hrtime.bigint();
    const spent = process.cpuUsage(used);
    const microseconds = Number(now - at) / 1_000;
    at = now;
    used = process.cpuUsage();
    return microseconds > 0 ? (100 * (spent.user + spent.system)) / microseconds : 0;
  };
};

/** Bytes this process may use: its cgroup's limit (v1 or v2), else the machine's memory. */
export const memoryLimit = (): number => {
  const constrained = process.constrainedMemory();
  const total = totalmem();
  return constrained > 0 && constrained < total ? constrained : total;
};

/** Threads of JavaScript: the data plane's event loop; there are no worker threads yet. */
const eventLoops = 1;

export interface ProcessFacts {
  /** Must cost the same however many are open. */
  readonly openDescriptors: () => Promise<number | undefined>;
  /** Bytes that count as used. */
  readonly memory: () => number;
}

/** Returns the refresh that is run before each scrape. */
export const processMetrics = (
  instruments: Instruments,
  { openDescriptors, memory }: ProcessFacts,
): (() => Promise<void>) => {
  const cpuPercent = cpuMeter();
  instruments.memory_limit_bytes.set(memoryLimit());
  instruments.goroutines.set(eventLoops);
  return async () => {
    instruments.memory_used_bytes.set(memory());
    instruments.cpu_usage_percent.set(cpuPercent());
    instruments.fd_used.set((await openDescriptors()) ?? 0);
  };
};
