import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { recordedDaemons } from "../host/daemon.ts";
import { type Lease, tryMutex } from "../host/mutex.ts";
import { isRunning } from "../host/process-table.ts";
import { layoutIn } from "./layout.ts";

const RECORD = "/run/revenprox/cluster.json";
export const CLUSTER_MUTEX = "cluster";
const END_IT = "node e2e/cluster/main.ts down";

/** What is known of this machine's cluster, so that any later call finds and mends what was left, whatever its own settings. */
export type ClusterRecord = {
  state: string;
  /** Of the kernel; after a reboot nothing but files can be left. */
  bootId: string;
  phase: "starting" | "running";
  /** Up on its own: no process holds it, and `down` ends it. */
  detached: boolean;
  /** ISO 8601. */
  since: string;
  startedBy: { pid: number; command: string };
};

export function currentBootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

export function readRecord(): ClusterRecord | undefined {
  if (!existsSync(RECORD)) return undefined;
  return JSON.parse(readFileSync(RECORD, "utf8")) as ClusterRecord;
}

export function writeRecord(state: string, phase: ClusterRecord["phase"], detached: boolean): void {
  const record: ClusterRecord = {
    state,
    bootId: currentBootId(),
    phase,
    detached,
    since: new Date().toISOString(),
    startedBy: { pid: process.pid, command: process.argv.join(" ") },
  };
  mkdirSync(dirname(RECORD), { recursive: true });
  writeFileSync(`${RECORD}.new`, JSON.stringify(record));
  renameSync(`${RECORD}.new`, RECORD);
}

export function removeRecord(): void {
  rmSync(RECORD, { force: true });
}

/** True when every recorded daemon of the cluster runs. */
export function isWhole(record: ClusterRecord): boolean {
  if (record.bootId !== currentBootId() || record.phase !== "running") return false;
  const daemons = [...recordedDaemons(layoutIn(record.state).processes).values()];
  return daemons.length > 0 && daemons.every(isRunning);
}

/** Takes this machine's one cluster for this process. Throws, saying who holds it and how to end that, when it is held. */
export async function holdCluster(): Promise<Lease> {
  const attempt = await tryMutex(CLUSTER_MUTEX);
  if (attempt.kind === "held") return attempt.lease;
  const holder = attempt.holder;
  if (holder === undefined) throw new Error("the local cluster was just let go by another process; try again");
  throw new Error(
    `the local cluster is held by process ${holder.pid} (${holder.command}) since ${holder.since}; there is one per machine. ` +
      `Wait for it, or end it: Ctrl-C in its terminal, or kill ${holder.pid}`,
  );
}

/** Throws when a cluster is up on its own; what a crashed process left does not count. */
export function refuseDetached(): void {
  const record = readRecord();
  if (record === undefined || !record.detached || !isWhole(record)) return;
  throw new Error(
    `the local cluster is up already since ${record.since}, started by process ${record.startedBy.pid} (${record.startedBy.command}); ` +
      `there is one per machine. End it: ${END_IT}`,
  );
}
