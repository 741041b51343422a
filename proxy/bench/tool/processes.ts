import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { type Cores, coresOf, readOwnCores, type SharedCores } from "./own-cores.ts";
import { pidsOf } from "./process-table.ts";

export const cores: SharedCores = coresOf(readOwnCores());

export interface Child {
  readonly process: ChildProcess;
  readonly pid: number;
  output(): string;
  /** Ends it and what it started; resolves when it is gone. */
  stop(): Promise<void>;
}

export interface Spawned {
  readonly cores: Cores;
  readonly program: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Name of a network namespace. */
  readonly namespace?: string | undefined;
  /** False: standard output is left to the caller. */
  readonly gather?: boolean;
}

/** Leaders of the sessions under way, so that nothing is left when the benchmark is interrupted. */
const sessions = new Set<number>();

const kill = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
};

/** The leader first, so that it starts nothing anew; its children may have process groups of their own, as Pushpin's have. */
const endSession = (leader: number): void => {
  kill(leader);
  for (const pid of pidsOf([leader])) kill(pid);
};

/** For the end of this process, in order or not. */
export const endAllProcesses = (): void => {
  for (const leader of sessions) endSession(leader);
};

const isRoot = process.getuid?.() === 0;
/** Before whatever else the machine does, so that figures depend less on it; only root has that right. */
const ahead: readonly string[] = isRoot ? ["nice", "-n", "-10"] : [];

/** Where the kernel shares cores out by session first, niceness alone means nothing to other sessions. */
const putAhead = (pid: number): void => {
  const file = `/proc/${pid}/autogroup`;
  if (isRoot && existsSync(file)) writeFileSync(file, "-10");
};

/** Starts a program on its cores, in a session of its own. */
export const spawnPinned = ({ program, args, environment = {}, ...how }: Spawned): Child => {
  const inside = how.namespace === undefined ? [] : ["ip", "netns", "exec", how.namespace];
  const [first = "taskset", ...rest] = [...inside, ...ahead, "taskset", "-c", how.cores, program, ...args];
  const child = spawn(first, rest, {
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...environment },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${first} cannot be started: is it installed? (Debian: util-linux, iproute2)`);
  sessions.add(pid);
  putAhead(pid);
  let output = "";
  const keep = (text: string): void => {
    output = (output + text).slice(-20_000);
  };
  child.stderr.setEncoding("utf8").on("data", keep);
  if (how.gather ?? true) child.stdout.setEncoding("utf8").on("data", keep);
  const gone = once(child, "close");
  return {
    process: child,
    pid,
    output: () => output,
    stop: async () => {
      endSession(pid);
      await gone;
      while (pidsOf([pid]).length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
      sessions.delete(pid);
    },
  };
};

/** Polls until `probe` gives something. Throws what `failure` says after 30 s, or when the child has ended. */
export const untilReady = async <T>(child: Child, probe: () => T | undefined | Promise<T | undefined>): Promise<T> => {
  const end = Date.now() + 30_000;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (child.process.exitCode !== null || Date.now() > end)
      throw new Error(`a server of the benchmark did not start; it said:\n${child.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
