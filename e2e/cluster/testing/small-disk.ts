import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A disk of a few megabytes that only programs started by `wrap` see under `path`. */
export interface SmallDisk {
  /** As the wrapped programs see it. */
  readonly path: string;
  /** Writes a script that runs `program` where the disk is; returns its path. */
  wrap(program: string): Promise<string>;
  /** Leaves no room. */
  fill(): Promise<void>;
  /** Gives the room back. */
  free(): Promise<void>;
  dispose(): Promise<void>;
}

const ballastName = "ballast";
const blockBytes = 65_536;

const fillUp = async (file: string): Promise<void> => {
  const block = Buffer.alloc(blockBytes, 1);
  try {
    for (;;) await writeFile(file, block, { flag: "a" });
  } catch (fault) {
    if (!(fault instanceof Error) || !("code" in fault) || fault.code !== "ENOSPC") throw fault;
  }
};

/** Needs root: a tmpfs in a mount namespace of its own, which is gone when this process is. */
export const smallDisk = async (folder: string, megabytes: number): Promise<SmallDisk> => {
  const path = join(folder, "disk");
  await mkdir(path);
  const mount = `mount -t tmpfs -o size=${megabytes}m tmpfs "${path}" && echo mounted && read -r _`;
  const holder = spawn("unshare", ["--mount", "--propagation", "private", "sh", "-c", mount], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const gone = once(holder, "exit");
  const [said] = await Promise.race([once(holder.stdout, "data"), gone]);
  if (!String(said).includes("mounted")) throw new Error("a small disk needs root, to mount a tmpfs");
  const inside = `/proc/${holder.pid}/root${path}`;
  const ballast = join(inside, ballastName);
  return {
    path,
    wrap: async (program) => {
      const script = join(folder, "on-small-disk");
      await writeFile(script, `#!/bin/sh\nexec nsenter --target ${holder.pid} --mount "${program}" "$@"\n`);
      await chmod(script, 0o755);
      return script;
    },
    fill: async () => {
      while ((await statfs(inside)).bavail > 0) await fillUp(ballast);
    },
    free: () => rm(ballast),
    dispose: async () => {
      holder.stdin.end();
      await gone;
    },
  };
};
