import { existsSync, readdirSync, readFileSync } from "node:fs";

/** As proc_pid_stat(5), from the third field on. */
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

interface Member {
  readonly pid: string;
  readonly fields: readonly string[];
}

/** The processes of the sessions of these leaders, whatever process group they are in and whoever is their parent by now; not those that have ended. */
const membersOf = (leaders: readonly number[]): readonly Member[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const fields = fieldsOf(pid);
      const isMember = fields !== undefined && fields[0] !== "Z" && leaders.includes(Number(fields[3]));
      return isMember ? [{ pid, fields }] : [];
    });

export const pidsOf = (leaders: readonly number[]): readonly number[] =>
  membersOf(leaders).map(({ pid }) => Number(pid));

/** Proportional resident bytes of the sessions of these leaders: what several of their processes share counts once. */
export const sharedOutBytes = (leaders: readonly number[]): number => {
  let kibibytes = 0;
  for (const { pid } of membersOf(leaders)) {
    const file = `/proc/${pid}/smaps_rollup`;
    if (existsSync(file)) kibibytes += Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(file, "utf8"))?.[1] ?? 0);
  }
  return kibibytes * 1_024;
};

export interface Usage {
  /** Resident bytes of all processes of the sessions. */
  readonly rss: number;
  readonly cpuSeconds: number;
}

const ticksPerSecond = 100;
const pageBytes = 4_096;

/** What the sessions of these leaders use at the moment. */
export const usageOf = (leaders: readonly number[]): Usage => {
  let [rss, ticks] = [0, 0];
  for (const { fields } of membersOf(leaders)) {
    ticks += Number(fields[11]) + Number(fields[12]);
    rss += Number(fields[21]) * pageBytes;
  }
  return { rss, cpuSeconds: ticks / ticksPerSecond };
};
