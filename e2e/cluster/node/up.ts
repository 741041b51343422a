import { existsSync } from "node:fs";
import { ensureDebianPackages } from "../build/debian-packages.ts";
import { kubernetes } from "../build/kubernetes.ts";
import { pauseImage } from "../build/pause.ts";
import { say, withProgress } from "../build/progress.ts";
import { recordedDaemons } from "../host/daemon.ts";
import { askHolder, type Holder, type Lease } from "../host/mutex.ts";
import { isRunning } from "../host/process-table.ts";
import { type Cluster, clusterAt } from "./cluster.ts";
import { layoutIn, stateFolder } from "./layout.ts";
import {
  CLUSTER_MUTEX,
  type ClusterRecord,
  holdCluster,
  isWhole,
  readRecord,
  refuseDetached,
  writeRecord,
} from "./record.ts";
import { startNode } from "./start.ts";
import { claimStateFolder, tearDown, wipeStateFolder } from "./tear-down.ts";

export type UpOptions = {
  /** The cluster stays when this process ends, until `down`; else it is held by this process and is cleaned up after it. */
  detached?: boolean;
};

export type OwnedCluster = Cluster & {
  /** Ends all of it and leaves the machine as it was; logs and imported images stay for the next `up`, unless `wipe`. */
  down(options?: { wipe?: boolean }): Promise<void>;
};

/**
 * Builds what is missing, cleans up what a crashed run left, and starts a fresh one-node cluster; 5 to 8 s when all is built.
 * There is one per machine. Throws when it is held (by whom, since when, how to end it), when something is missing here
 * (what, how to get it), or when a component ends (with the end of its log).
 */
export async function up({ detached = false }: UpOptions = {}): Promise<OwnedCluster> {
  requireLinuxRoot();
  const lease = await holdCluster();
  try {
    refuseDetached();
    await ensureDebianPackages();
    const programs = { kubernetes: await kubernetes(), pauseImage: await pauseImage() };
    await cleanLeftovers();
    const layout = layoutIn(stateFolder());
    claimStateFolder(layout.state);
    writeRecord(layout.state, "starting", detached);
    await withProgress("starting the local cluster", "5 to 10 s", () => startNode(layout, programs));
    writeRecord(layout.state, "running", detached);
    if (detached) await lease.release();
    const cluster = clusterAt(layout, programs.kubernetes);
    return { ...cluster, down: (options) => endOwned(cluster, detached ? undefined : lease, options?.wipe ?? false) };
  } catch (error) {
    await cleanAfterFailure();
    await lease.release();
    throw error;
  }
}

/** A handle on the cluster that another process started. Throws when none is up. */
export async function attach(): Promise<Cluster> {
  const record = readRecord();
  if (record?.phase !== "running") throw new Error("no local cluster is up; start one: node e2e/cluster/main.ts up");
  return clusterAt(layoutIn(record.state), await kubernetes());
}

/** Ends the cluster that is up on its own, or what a crashed run left of one. Throws when a running process holds it. */
export async function down({ wipe = false }: { wipe?: boolean } = {}): Promise<void> {
  requireLinuxRoot();
  const lease = await holdCluster();
  try {
    await withProgress("ending the local cluster", "1 to 4 s", () => end(wipe));
  } finally {
    await lease.release();
  }
}

export type ClusterStatus =
  | { kind: "down" }
  | {
      kind: "up" | "starting" | "broken";
      record: ClusterRecord;
      holder: Holder | undefined;
      daemons: Record<string, boolean>;
    };

/** What is known of this machine's cluster. `broken`: not whole, and nobody is at work on it. */
export async function status(): Promise<ClusterStatus> {
  const record = readRecord();
  if (record === undefined) return { kind: "down" };
  const holder = await askHolder(CLUSTER_MUTEX);
  const recorded = recordedDaemons(layoutIn(record.state).processes);
  const daemons = Object.fromEntries([...recorded].map(([name, identity]) => [name, isRunning(identity)]));
  if (isWhole(record) && (record.detached || holder !== undefined)) return { kind: "up", record, holder, daemons };
  return { kind: holder === undefined ? "broken" : "starting", record, holder, daemons };
}

async function endOwned(cluster: Cluster, held: Lease | undefined, wipe: boolean): Promise<void> {
  cluster.detach();
  const lease = held ?? (await holdCluster());
  try {
    await end(wipe);
  } finally {
    await lease.release();
  }
}

async function end(wipe: boolean): Promise<void> {
  const state = readRecord()?.state ?? stateFolder();
  await tearDown({ keepImages: !wipe });
  if (wipe) wipeStateFolder(state);
}

async function cleanLeftovers(): Promise<void> {
  const record = readRecord();
  if (record === undefined) return;
  say(`cleaning up after process ${record.startedBy.pid} (${record.startedBy.command}), which ended without doing so`);
  await tearDown({ keepImages: false });
}

async function cleanAfterFailure(): Promise<void> {
  const record = readRecord();
  if (record === undefined || record.startedBy.pid !== process.pid) return;
  await tearDown({ keepImages: false });
}

function requireLinuxRoot(): void {
  if (process.platform !== "linux" || !existsSync("/proc/self/ns/net")) {
    throw new Error("the local cluster needs Linux; elsewhere use a cluster of your own and --context NAME");
  }
  if (process.getuid?.() !== 0) {
    throw new Error(
      "the local cluster needs root, for network namespaces and containers: run the same command by sudo",
    );
  }
}
