import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { currentMounts, type Mount } from "./mounts.ts";
import { identify, type ProcessIdentity } from "./process-table.ts";

const UNIFIED_CONTROLLERS = ["cpuset", "cpu", "io", "memory", "pids"];
const REMOVE_WITHIN_MS = 3000;

/** Folders where cgroups are made: the one tree of version 2, each tree of version 1, or, on a machine that has both, all. */
export function cgroupTrees(mounts: readonly Mount[]): string[] {
  const trees = mounts
    .filter((mount) => mount.type === "cgroup" || mount.type === "cgroup2")
    .map((mount) => mount.point);
  return [...new Set(trees)].filter((tree) => tree === "/sys/fs/cgroup" || tree.startsWith("/sys/fs/cgroup/"));
}

/** Makes the cgroup `path` in every tree, with the controllers that pods need. */
export function makeCgroup(path: string): void {
  const trees = cgroupTrees(currentMounts());
  if (trees.length === 0) throw new Error("no cgroup file system is mounted; pods need one at /sys/fs/cgroup");
  for (const tree of trees) {
    mkdirSync(join(tree, path), { recursive: true });
    if (existsSync(join(tree, "cgroup.controllers"))) delegateControllers(tree);
  }
}

/** Running processes in the cgroup `path` and all below it. */
export function processesInCgroup(path: string): ProcessIdentity[] {
  const pids = new Set<number>();
  for (const tree of cgroupTrees(currentMounts())) {
    for (const folder of foldersBelow(join(tree, path))) {
      for (const pid of readProcs(folder)) pids.add(pid);
    }
  }
  return [...pids].map(identify).filter((found) => found !== undefined);
}

/** Removes the cgroup `path` and all below it, once the kernel has let go of the last dead process. */
export async function removeCgroup(path: string): Promise<void> {
  const deadline = performance.now() + REMOVE_WITHIN_MS;
  let left = foldersOf(path);
  while (left.length > 0) {
    const busy = left.filter((folder) => !removeFolder(folder));
    if (busy.length === 0) return;
    if (performance.now() > deadline)
      throw new Error(`cgroups still in use after ${REMOVE_WITHIN_MS} ms: ${busy.join(", ")}`);
    await delay(20);
    left = foldersOf(path);
  }
}

const foldersOf = (path: string) => cgroupTrees(currentMounts()).flatMap((tree) => foldersBelow(join(tree, path)));

function delegateControllers(tree: string): void {
  const there = readFileSync(join(tree, "cgroup.controllers"), "utf8").split(/\s+/);
  const wanted = UNIFIED_CONTROLLERS.filter((name) => there.includes(name)).map((name) => `+${name}`);
  if (wanted.length > 0) writeFileSync(join(tree, "cgroup.subtree_control"), wanted.join(" "));
}

/** The deepest first. */
function foldersBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...below.flatMap((entry) => foldersBelow(join(folder, entry.name))), folder];
}

function readProcs(folder: string): number[] {
  try {
    return readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function removeFolder(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    if (isGone(error)) return true;
    if ((error as NodeJS.ErrnoException).code === "EBUSY") return false;
    throw error;
  }
}

// A cgroup may be removed by its runtime while it is being read.
function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ENODEV";
}
