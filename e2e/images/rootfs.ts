import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { command, tryCommand } from "@revenprox/cluster/host/command";
import { type CacheKey, findEntry, makeEntry } from "./cache-entry.ts";
import { contained } from "./contained.ts";
import { type Progress, timed } from "./progress.ts";
import type { BuildFolders } from "./scratch.ts";

export type RootFileSystem = { archive: string; digest: string };

const SUITE = "bookworm";

// Package lists and documents only make images larger; the rest describes the machine that ran debootstrap.
const LEFT_OUT = [
  "./dev/*",
  "./etc/apt/sources.list",
  "./etc/hostname",
  "./etc/resolv.conf",
  "./usr/share/doc/*",
  "./usr/share/locale/*",
  "./usr/share/man/*",
  "./var/cache/*",
  "./var/lib/apt/lists/*",
  "./var/log/*",
];

const KEY: CacheKey = { name: "image-rootfs", inputs: [SUITE, process.arch, ...LEFT_OUT] };

/** The minimal Debian file system that base images are made of, if it has been made. */
export async function findRootFileSystem(): Promise<RootFileSystem | undefined> {
  const entry = await findEntry(KEY);
  return entry === undefined ? undefined : readEntry(entry);
}

/** The minimal Debian file system that base images are made of; made by debootstrap on the first call. */
export async function makeRootFileSystem(folders: BuildFolders, progress: Progress): Promise<RootFileSystem> {
  const entry = await makeEntry(KEY, (target) =>
    timed(progress, { what: `fetching a minimal Debian ${SUITE} for base images`, usually: "40 s, once" }, () =>
      bootstrap(folders, target),
    ),
  );
  return readEntry(entry);
}

async function bootstrap(folders: BuildFolders, target: string): Promise<void> {
  const tree = join(folders.scratch, "rootfs");
  const mirror = await machineMirror();
  const options = ["--variant=minbase", "--include=ca-certificates", SUITE, tree];
  await contained("debootstrap", [...options, ...mirror], { temporaryFolder: folders.scratch });
  const archive = join(target, "rootfs.tar");
  const excluded = LEFT_OUT.map((pattern) => `--exclude=${pattern}`);
  await command("tar", ["-C", tree, "--numeric-owner", "--sort=name", ...excluded, "-cf", archive, "."]);
  const digest = createHash("sha256")
    .update(await readFile(archive))
    .digest("hex");
  await writeFile(join(target, "digest"), digest);
}

// A machine of the same Debian release knows a mirror that it can reach; else debootstrap's default is used.
async function machineMirror(): Promise<string[]> {
  const known = await tryCommand("apt-get", [
    "indextargets",
    "--format",
    "$(REPO_URI)",
    `Codename: ${SUITE}`,
    "Component: main",
  ]);
  const [first] = known.stdout.split("\n").filter((uri) => /^https?:/.test(uri));
  return known.code === 0 && first !== undefined ? [first] : [];
}

async function readEntry(entry: string): Promise<RootFileSystem> {
  return { archive: join(entry, "rootfs.tar"), digest: await readFile(join(entry, "digest"), "utf8") };
}
