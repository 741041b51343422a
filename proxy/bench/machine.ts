import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { cores } from "./tool/processes.ts";

export interface Machine {
  readonly text: string;
  /** Over the last minute. */
  readonly load: number;
}

const congestionControl = (): string => {
  try {
    return readFileSync("/proc/sys/net/ipv4/tcp_congestion_control", "utf8").trim();
  } catch {
    return "unknown";
  }
};

/** What the figures were measured on. */
export const describeMachine = (): Machine => ({
  text: [
    `${availableParallelism()} cores of ${cpus()[0]?.model.trim() ?? "an unknown processor"}`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    `Linux ${release()}`,
    `Node ${process.versions.node}`,
    `TCP ${congestionControl()}, loopback`,
    `server on core ${cores.server}, load tool on ${cores.tool}`,
  ].join("; "),
  load: loadavg()[0] ?? 0,
});
