import { copyFile, cp, link, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { contentHash } from "@revenprox/cluster/build/cache";
import { buildImage, type Driver, type Store, usableDriver } from "./buildah.ts";
import { type CacheKey, findEntry, makeEntry } from "./cache-entry.ts";
import { type Progress, timed } from "./progress.ts";
import { findRootFileSystem, makeRootFileSystem, type RootFileSystem } from "./rootfs.ts";
import type { BuildFolders } from "./scratch.ts";

/** A read-only buildah store with the images that our Dockerfiles start from. */
export type BaseImages = { store: string; driver: Driver; digest: string };

const require = createRequire(import.meta.url);
const NODE_PACKAGE = dirname(require.resolve("node/package.json"));
const NPM_PACKAGE = dirname(require.resolve("npm/package.json"));
const DOCKERFILES = join(import.meta.dirname, "bases");

const IMAGES = [
  { dockerfile: "debian.Dockerfile", name: "localhost/debian:bookworm-slim" },
  { dockerfile: "node.Dockerfile", name: "localhost/node:22-bookworm-slim" },
  { dockerfile: "golang.Dockerfile", name: "localhost/golang:1.26-bookworm" },
] as const;

/** The base images, if they have been made from what is installed now. */
export async function findBaseImages(): Promise<BaseImages | undefined> {
  const rootfs = await findRootFileSystem();
  if (rootfs === undefined) return undefined;
  const key = await keyOf(rootfs);
  const entry = await findEntry(key);
  return entry === undefined ? undefined : readEntry(entry, key);
}

/** The base images, made on the first call from a minimal Debian and the workspace's own Node. */
export async function makeBaseImages(folders: BuildFolders, progress: Progress): Promise<BaseImages> {
  const rootfs = await makeRootFileSystem(folders, progress);
  const key = await keyOf(rootfs);
  const entry = await makeEntry(key, (target) =>
    timed(progress, { what: "making base images", usually: "15 s, once" }, async () => {
      const context = await writeContext(folders, rootfs);
      await buildAll(folders, context, target);
    }),
  );
  return readEntry(entry, key);
}

async function buildAll(folders: BuildFolders, context: string, target: string): Promise<void> {
  const driver = await usableDriver(folders.scratch);
  const store: Store = { folder: join(folders.scratch, "base"), driver };
  for (const image of IMAGES) {
    await buildImage(store, {
      dockerfile: join(DOCKERFILES, image.dockerfile),
      context,
      target: image.name,
      volumes: [],
    });
  }
  await writeFile(join(target, "driver"), driver);
  await rename(join(store.folder, "root"), join(target, "store"));
}

async function writeContext(folders: BuildFolders, rootfs: RootFileSystem): Promise<string> {
  const context = join(folders.scratch, "base-context");
  await mkdir(context);
  await link(rootfs.archive, join(context, "rootfs.tar"));
  await copyFile(join(NODE_PACKAGE, "bin", "node"), join(context, "node"));
  await cp(NPM_PACKAGE, join(context, "npm"), { recursive: true, dereference: true });
  return context;
}

async function keyOf(rootfs: RootFileSystem): Promise<CacheKey> {
  const names = (await readdir(DOCKERFILES)).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(DOCKERFILES, name), "utf8")));
  const packages = await Promise.all(
    [NODE_PACKAGE, NPM_PACKAGE].map((folder) => readFile(join(folder, "package.json"), "utf8")),
  );
  return { name: "image-bases", inputs: [rootfs.digest, process.arch, ...texts, ...packages] };
}

async function readEntry(entry: string, key: CacheKey): Promise<BaseImages> {
  const driver = (await readFile(join(entry, "driver"), "utf8")) === "overlay" ? "overlay" : "vfs";
  return { store: join(entry, "store"), driver, digest: contentHash(key.inputs) };
}
