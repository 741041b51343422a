import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { processesInCgroup, removeCgroup } from "../host/cgroups.ts";
import { recordedDaemons } from "../host/daemon.ts";
import { endProcesses } from "../host/ending.ts";
import { unmountBelow } from "../host/mounts.ts";
import { removeNetworkNamespace } from "../host/network-namespace.ts";
import { findByArguments, findByEnvironment, isRunning, type ProcessIdentity } from "../host/process-table.ts";
import { restoreSysctls } from "../host/sysctls.ts";
import { removeContainers } from "./images.ts";
import { CGROUP_ROOT, type Layout, layoutIn, MARKER, NETWORK_NAMESPACE_FILE, POD_NETWORK } from "./layout.ts";
import { currentBootId, readRecord, removeRecord } from "./record.ts";

/** Marks a folder as a state folder, so that nothing but such a one is ever emptied. */
const FOLDER_MARK = ".revenprox-cluster";
const CONTAINERD_GRACE_MS = 3000;

/** Makes the state folder. Throws when it holds something that is not ours. */
export function claimStateFolder(state: string): void {
  mkdirSync(state, { recursive: true, mode: 0o755 });
  if (existsSync(join(state, FOLDER_MARK))) return;
  if (readdirSync(state).length > 0) {
    throw new Error(
      `${state} is not empty and was not made by the local cluster; set REVENPROX_STATE to an empty or new folder`,
    );
  }
  writeFileSync(join(state, FOLDER_MARK), "");
}

/**
 * Ends and removes everything of the recorded cluster, in whatever state it is; the caller holds the mutex.
 * Logs stay; imported images stay when `keepImages` and nothing went wrong. Does nothing when there is no cluster.
 */
export async function tearDown({ keepImages }: { keepImages: boolean }): Promise<void> {
  const record = readRecord();
  if (record === undefined) return;
  const layout = layoutIn(record.state);
  if (record.bootId === currentBootId()) {
    const imagesKept = await endEverything(layout, keepImages);
    await removeTraces(layout);
    emptyStateFolder(layout, imagesKept);
  } else {
    emptyStateFolder(layout, false);
  }
  removeRecord();
}

/** True when containerd ended by itself with no container left: then its folder is whole and can be used again. */
async function endEverything(layout: Layout, keepImages: boolean): Promise<boolean> {
  const daemons = recordedDaemons(layout.processes);
  const containerd = daemons.get("containerd");
  const shims = findShims(layout);
  const spared = new Set([containerd, ...shims].map((each) => each?.pid));
  const marked = findByEnvironment(`${MARKER}=${layout.state}`);
  const rest = [...daemons.values(), ...marked].filter((each) => !spared.has(each.pid));
  await endProcesses(rest, 0);
  await endPods();
  const clean = keepImages && containerd !== undefined && isRunning(containerd) && (await removeContainers(layout));
  if (containerd !== undefined) await endProcesses([containerd], clean ? CONTAINERD_GRACE_MS : 0);
  removeShimSockets(layout);
  await endProcesses([...findShims(layout), ...findByEnvironment(`${MARKER}=${layout.state}`)], 0);
  await endPods();
  return clean;
}

const findShims = (layout: Layout): ProcessIdentity[] => findByArguments(["-address", layout.containerdSocket]);

/** Until none is left: a process may have started another while the list was read. */
async function endPods(): Promise<void> {
  for (let left = processesInCgroup(CGROUP_ROOT); left.length > 0; left = processesInCgroup(CGROUP_ROOT)) {
    await endProcesses(left, 0);
  }
}

async function removeTraces(layout: Layout): Promise<void> {
  await unmountBelow(layout.state);
  await removeNetworkNamespace(NETWORK_NAMESPACE_FILE);
  await removeCgroup(CGROUP_ROOT);
  restoreSysctls(layout.sysctls);
  removeNetworkResults();
  for (const link of globSync("/var/log/containers/*.log")) {
    if (readlinkSync(link).startsWith(`${layout.podLogs}/`)) rmSync(link);
  }
}

/** What libcni keeps of our pods: one file per network and pod, the loopback network among them. */
function removeNetworkResults(): void {
  const folder = "/var/lib/cni/results";
  for (const ours of globSync(`${folder}/${POD_NETWORK}-*`)) {
    const pod = basename(ours)
      .slice(POD_NETWORK.length + 1)
      .split("-")[0];
    for (const result of globSync(`${folder}/*-${pod}-*`)) rmSync(result, { force: true });
  }
}

/** A killed shim leaves its socket in /run/containerd; its address is in the container's own folder. */
function removeShimSockets(layout: Layout): void {
  for (const file of globSync(join(layout.containerdState, "io.containerd.runtime.v2.task", "*", "*", "address"))) {
    const address = readFileSync(file, "utf8").trim();
    if (address.startsWith("unix://")) rmSync(address.slice("unix://".length), { force: true });
  }
}

/** Logs stay until the next start: they are wanted most when something went wrong. */
function emptyStateFolder(layout: Layout, keepImages: boolean): void {
  const kept = [FOLDER_MARK, basename(layout.logs), ...(keepImages ? [basename(layout.containerd)] : [])];
  removeAllBut(layout.state, kept);
}

/** Removes images and logs, too, of a cluster that is down. */
export function wipeStateFolder(state: string): void {
  removeAllBut(state, [FOLDER_MARK]);
}

function removeAllBut(state: string, kept: readonly string[]): void {
  if (!existsSync(join(state, FOLDER_MARK))) return;
  for (const name of readdirSync(state)) {
    if (!kept.includes(name)) rmSync(join(state, name), { recursive: true, force: true });
  }
}
