import { readFileSync } from "node:fs";
import type { LimitsConfig } from "@revenprox/contract/config/proxy-config";

/** Soft limit on open files in the text of /proc/self/limits; undefined when it is unlimited or not told. */
export const openFileLimit = (limits: string): number | undefined => {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? undefined : Number(soft);
};

/** The limit on open files of this process; undefined where the system does not tell. */
export const readOpenFileLimit = (): number | undefined => {
  try {
    return openFileLimit(readFileSync("/proc/self/limits", "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
};

/** Descriptors kept for publishers, the bus, the management plane and files. */
const reserve = (openFiles: number): number => Math.max(64, Math.floor(openFiles / 20));

/** Share of the memory limit that is left to what was admitted already. */
const memoryShare = 0.9;

const mebibyte = 1_048_576;

/** What this process gets from the system; undefined: unlimited, or not told. */
export interface SystemLimits {
  readonly openFiles: number | undefined;
  /** Bytes: the cgroup's limit, or the machine's memory. */
  readonly memory: number;
}

/** The limits in force: of the configuration and the system whichever is lower. Undefined: none. */
export interface EffectiveLimits {
  readonly maxConnections: number;
  /** What sets `maxConnections`. */
  readonly by: "max_connections" | "open files";
  readonly maxTopics: number | undefined;
  /** Bytes. */
  readonly memory: number;
  /** Percent of one core. */
  readonly cpu: number | undefined;
  /** Megabits a second. */
  readonly network: number | undefined;
  readonly fileDescriptors: number | undefined;
}

const set = (value: number): number | undefined => (value === 0 ? undefined : value);

const lower = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);

/** The limits in force; a high number in the configuration is never a fault. */
export const effectiveLimits = (
  maxConnections: number,
  limits: LimitsConfig,
  { openFiles, memory }: SystemLimits,
): EffectiveLimits => {
  const files = lower(openFiles, set(limits.maxFileDescriptors));
  const possible = files === undefined ? Number.POSITIVE_INFINITY : Math.max(1, files - reserve(files));
  return {
    maxConnections: Math.min(possible, maxConnections),
    by: possible < maxConnections ? "open files" : "max_connections",
    maxTopics: set(limits.maxTopics),
    memory: Math.min(memory * memoryShare, (set(limits.maxMemoryMb) ?? Number.POSITIVE_INFINITY) * mebibyte),
    cpu: set(limits.maxCpuPercent),
    network: set(limits.maxNetworkMbps),
    // Above what streams alone can reach, so that it speaks only for descriptors that are no streams.
    fileDescriptors: files === undefined ? undefined : Math.max(1, files - Math.floor(reserve(files) / 2)),
  };
};
