import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command } from "@revenprox/cluster/host/command";

export type ImageConfig = {
  User?: string;
  Env?: string[];
  Entrypoint?: string[];
  Cmd?: string[];
  WorkingDir?: string;
  ExposedPorts?: Record<string, object>;
  Labels?: Record<string, string>;
};

/** What an image declares, and the paths that each of its layers adds, without a leading or trailing slash. */
export type ImageContent = { name: string | undefined; config: ImageConfig; layers: string[][] };

type Descriptor = { digest: string; annotations?: Record<string, string> };

/** Reads an image from an OCI archive. */
export async function readOciArchive(archive: string): Promise<ImageContent> {
  const folder = await mkdtemp(join(tmpdir(), "revenprox-image-"));
  try {
    await command("tar", ["-xf", archive, "-C", folder]);
    const { manifests } = await readJson<{ manifests: Descriptor[] }>(join(folder, "index.json"));
    const [first] = manifests;
    if (first === undefined) throw new Error(`${archive} holds no image`);
    const manifest = await readJson<{ config: Descriptor; layers: Descriptor[] }>(blob(folder, first));
    const { config } = await readJson<{ config: ImageConfig }>(blob(folder, manifest.config));
    const layers = await Promise.all(manifest.layers.map((layer) => listLayer(blob(folder, layer))));
    return { name: first.annotations?.["org.opencontainers.image.ref.name"], config, layers };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function listLayer(file: string): Promise<string[]> {
  const listing = await command("tar", ["-tf", file]);
  return listing
    .split("\n")
    .map((path) => path.replace(/^\.?\//, "").replace(/\/$/, ""))
    .filter((path) => path !== "");
}

function blob(folder: string, descriptor: Descriptor): string {
  return join(folder, "blobs", ...descriptor.digest.split(":"));
}

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, "utf8")) as T;
}
