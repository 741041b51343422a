import { readdirSync, readFileSync } from "node:fs";

/** A process that cannot be mistaken for a later one with the same number: `startTime` is in clock ticks since boot. */
export type ProcessIdentity = { pid: number; startTime: string };

export type ProcessStat = { state: string; startTime: string };

/** Reads the state letter and start time out of /proc/PID/stat; the program's name may hold spaces and brackets. */
export function parseStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "?", startTime: fields[19] ?? "?" };
}

/** The identity of a running process; undefined when it has ended (a zombie has ended). */
export function identify(pid: number): ProcessIdentity | undefined {
  const text = readProc(pid, "stat");
  if (text === undefined) return undefined;
  const { state, startTime } = parseStat(text);
  return state === "Z" || state === "X" ? undefined : { pid, startTime };
}

/** True while this very process runs, not another that got its number. */
export function isRunning(process: ProcessIdentity): boolean {
  return identify(process.pid)?.startTime === process.startTime;
}

/** Running processes whose environment holds `NAME=value`, and so were started by us or by something that we started. */
export function findByEnvironment(entry: string): ProcessIdentity[] {
  return findProcesses((pid) => readProc(pid, "environ")?.split("\0").includes(entry) ?? false);
}

/** Running processes that have `words` as consecutive arguments. */
export function findByArguments(words: readonly string[]): ProcessIdentity[] {
  const wanted = `\0${words.join("\0")}\0`;
  return findProcesses((pid) => `\0${readProc(pid, "cmdline") ?? ""}\0`.includes(wanted));
}

/** Sends a signal to this very process; says nothing when it has ended. */
export function signalProcess(process: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(process)) return;
  try {
    globalThis.process.kill(process.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function findProcesses(matches: (pid: number) => boolean): ProcessIdentity[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && matches(pid))
    .map(identify)
    .filter((found) => found !== undefined);
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    // The process ended between two looks, or is not ours to read: then it is none that we look for.
    return undefined;
  }
}
