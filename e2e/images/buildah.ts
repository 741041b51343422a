import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { contained } from "./contained.ts";

export type Driver = "overlay" | "vfs";

/** A buildah storage of our own, so that the machine's container storage is never touched. */
export type Store = { folder: string; driver: Driver; baseImages?: string };

export type Build = {
  dockerfile: string;
  context: string;
  /** An image name, or `oci-archive:FILE:NAME`. */
  target: string;
  volumes: readonly string[];
};

/** overlay where the kernel mounts it on the file system of `folder`; else vfs, which copies every layer. */
export async function usableDriver(folder: string): Promise<Driver> {
  const probe: Store = { folder: join(folder, "probe"), driver: "overlay" };
  const isUsable = await buildah(probe, ["info"]).then(
    () => true,
    () => false,
  );
  return isUsable ? "overlay" : "vfs";
}

/** Builds a Dockerfile without a registry: its base images must be in the store or in the store's base images. */
export async function buildImage(store: Store, build: Build): Promise<void> {
  const volumes = build.volumes.flatMap((volume) => ["--volume", volume]);
  const offline = ["--pull-never", "--isolation", "chroot", "--network", "host", "--layers=false"];
  await buildah(store, [
    "bud",
    ...offline,
    ...volumes,
    "--file",
    build.dockerfile,
    "--tag",
    build.target,
    build.context,
  ]);
}

async function buildah(store: Store, args: readonly string[]): Promise<string> {
  await mkdir(store.folder, { recursive: true });
  const base = store.baseImages === undefined ? [] : ["--storage-opt", `additionalimagestore=${store.baseImages}`];
  const own = [
    "--root",
    join(store.folder, "root"),
    "--runroot",
    join(store.folder, "run"),
    "--storage-driver",
    store.driver,
  ];
  return contained("buildah", [...own, ...base, ...args], { temporaryFolder: store.folder });
}
