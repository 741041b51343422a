import { readdirSync, readFileSync } from "node:fs";

const textOf = (file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // The process has ended meanwhile.
    return "";
  }
};

/** Ids of the processes that a process has started and that live. */
export const childrenOf = (pid: number | undefined): readonly number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      const [state, parent] = textOf(`/proc/${name}/stat`).split(") ")[1]?.split(" ") ?? [];
      return state !== "Z" && parent === String(pid);
    })
    .map(Number);

/** Bytes of memory that `ps` shows for a process. */
export const residentBytes = (pid: number | undefined): number =>
  1_024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(textOf(`/proc/${pid}/status`))?.[1]);

/** Whether a process lives. */
export const lives = (pid: number): boolean => {
  const state = textOf(`/proc/${pid}/stat`).split(") ")[1]?.split(" ")[0];
  return state !== undefined && state !== "Z" && state !== "X";
};
