import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type Cores, coresOf, readOwnCores, type SharedCores } from "./own-cores.ts";

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

/** Process groups under way, so that nothing is left when the benchmark is interrupted. */
const groups = new Set<number>();

const signalGroup = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
};

/** For the end of this process, in order or not. */
export const endAllProcesses = (): void => {
  for (const pid of groups) signalGroup(pid, "SIGKILL");
};

const isRoot = process.getuid?.() === 0;
/** Before whatever else the machine does, so that figures depend less on it; only root has that right. */
const ahead: readonly string[] = isRoot ? ["nice", "-n", "-10"] : [];

/** Where the kernel shares cores out by session first, niceness alone means nothing to other sessions. */
const putAhead = (pid: number): void => {
  const file = `/proc/${pid}/autogroup`;
  if (isRoot && existsSync(file)) writeFileSync(file, "-10");
};

/** Starts a program on its cores, in a process group of its own. */
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
  groups.add(pid);
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
      signalGroup(pid, "SIGKILL");
      await gone;
      groups.delete(pid);
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

const fieldsOf = (pid: string): readonly string[] | undefined => {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return undefined;
  try {
    const text = readFileSync(file, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    // Gone between the two calls.
    return undefined;
  }
};

export interface Usage {
  /** Resident bytes of all processes of the group. */
  readonly rss: number;
  readonly cpuSeconds: number;
}

const ticksPerSecond = 100;
const pageBytes = 4_096;

/** Proportional resident bytes of the process groups of these leaders: what several of them share counts once. */
export const sharedOutBytes = (leaders: readonly number[]): number => {
  let kibibytes = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (!leaders.includes(Number(fieldsOf(pid)?.[2]))) continue;
    const file = `/proc/${pid}/smaps_rollup`;
    if (existsSync(file)) kibibytes += Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(file, "utf8"))?.[1] ?? 0);
  }
  return kibibytes * 1_024;
};

/** What the process groups of these leaders use at the moment. */
export const usageOf = (leaders: readonly number[]): Usage => {
  let [rss, ticks] = [0, 0];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const fields = fieldsOf(pid);
    if (fields === undefined || !leaders.includes(Number(fields[2]))) continue;
    ticks += Number(fields[11]) + Number(fields[12]);
    rss += Number(fields[21]) * pageBytes;
  }
  return { rss, cpuSeconds: ticks / ticksPerSecond };
};
