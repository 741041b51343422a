import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { identify, isRunning, type ProcessIdentity } from "./process-table.ts";

export type DaemonHome = {
  /** Folder of `<name>.json` files: who each daemon is. */
  processes: string;
  /** Folder of `<name>.log` files. */
  logs: string;
  /** Working folder of the daemons. */
  state: string;
  env: NodeJS.ProcessEnv;
  /** File of the network namespace that they run in. */
  networkNamespace: string;
};

/** Starts a program that outlives this process, in a session and network namespace of its own, and records who it is. */
export function startDaemon(home: DaemonHome, name: string, program: string, args: readonly string[]): void {
  mkdirSync(home.logs, { recursive: true });
  const log = openSync(logFile(home, name), "a");
  try {
    const child = spawn("nsenter", [`--net=${home.networkNamespace}`, "--", program, ...args], {
      detached: true,
      stdio: ["ignore", log, log],
      cwd: home.state,
      env: home.env,
    });
    child.unref();
    child.on("error", (error) => writeFileSync(logFile(home, name), `${error.message}\n`, { flag: "a" }));
    if (child.pid !== undefined) recordDaemon(home, name, child.pid);
  } finally {
    closeSync(log);
  }
}

/** Remembers the running process `pid` as the daemon `name`. */
export function recordDaemon(home: DaemonHome, name: string, pid: number): void {
  mkdirSync(home.processes, { recursive: true });
  const identity = identify(pid);
  if (identity === undefined) return;
  const file = join(home.processes, `${name}.json`);
  writeFileSync(`${file}.new`, JSON.stringify(identity));
  renameSync(`${file}.new`, file);
}

/** Recorded daemons by name, running or not; empty when the folder is not there. */
export function recordedDaemons(processes: string): Map<string, ProcessIdentity> {
  const daemons = new Map<string, ProcessIdentity>();
  for (const file of listFolder(processes)) {
    if (!file.endsWith(".json")) continue;
    daemons.set(basename(file, ".json"), JSON.parse(readFileSync(join(processes, file), "utf8")) as ProcessIdentity);
  }
  return daemons;
}

/** One paragraph on each of the `names` that no longer runs, with the end of its log; undefined when all run. */
export function describeFailures(
  home: Pick<DaemonHome, "processes" | "logs">,
  names: readonly string[],
): string | undefined {
  const daemons = recordedDaemons(home.processes);
  const failed = names.filter((name) => {
    const identity = daemons.get(name);
    return identity === undefined || !isRunning(identity);
  });
  if (failed.length === 0) return undefined;
  return failed
    .map((name) => `${name} ended; the end of ${logFile(home, name)}:\n${logTail(logFile(home, name))}`)
    .join("\n");
}

function logFile(home: Pick<DaemonHome, "logs">, name: string): string {
  return join(home.logs, `${name}.log`);
}

function logTail(file: string): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-15).join("\n");
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
