import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "@revenprox/cluster/build/cache";
import { currentMounts } from "@revenprox/cluster/host/mounts";
import { withMutex } from "@revenprox/cluster/host/mutex";

/** Folders of one build run: `scratch` is gone after it, `downloads` stays for the next. */
export type BuildFolders = { scratch: string; downloads: string };

/** Runs `work` with fresh folders, one run at a time on this machine. What a killed run left behind is removed first. */
export function withBuildFolders<T>(work: (folders: BuildFolders) => Promise<T>): Promise<T> {
  return withMutex("images", async () => {
    const scratch = join(cacheFolder(), "image-scratch");
    const downloads = join(cacheFolder(), "image-downloads");
    await removeScratch(scratch);
    await mkdir(scratch, { recursive: true });
    try {
      return await work({ scratch, downloads });
    } finally {
      await removeScratch(scratch);
    }
  });
}

// A folder of the machine may be mounted in a build container: removing through such a mount would empty it.
async function removeScratch(scratch: string): Promise<void> {
  const mounted = currentMounts().filter((mount) => mount.point.startsWith(`${scratch}/`));
  if (mounted.length > 0) {
    const points = mounted.map((mount) => mount.point).join(" ");
    throw new Error(`cannot clear ${scratch}: something is mounted in it. Unmount it and try again: umount ${points}`);
  }
  await rm(scratch, { recursive: true, force: true });
}
