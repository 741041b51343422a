import { readFileSync } from "node:fs";

/** Soft limit on open files in the text of /proc/self/limits; undefined when it is unlimited or not told. */
export const openFileLimit = (limits: string): number | undefined => {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? undefined : Number(soft);
};

/** Descriptors kept for publishers, the bus, the management plane and files. */
const reserve = (openFiles: number): number => Math.max(64, Math.floor(openFiles / 20));

export interface EffectiveLimit {
  readonly maxConnections: number;
  /** What sets it. */
  readonly by: "max_connections" | "open files";
}

/** Streams this process can hold: the configured number, or fewer where the limit on open files is lower. */
export const effectiveLimit = (configured: number, openFiles: number | undefined): EffectiveLimit => {
  const possible = openFiles === undefined ? Number.POSITIVE_INFINITY : Math.max(1, openFiles - reserve(openFiles));
  return possible < configured
    ? { maxConnections: possible, by: "open files" }
    : { maxConnections: configured, by: "max_connections" };
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
