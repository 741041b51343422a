import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { command } from "../host/command.ts";
import { cached, fileInputs } from "./cache.ts";
import { findGo, goBuild } from "./go.ts";

const SOURCE = join(import.meta.dirname, "..", "pause");
const IMAGE_NAME = "localhost/pause:1";
const IMAGE_FORMAT = "1";

/** Path of the static program that holds a pod's namespaces, built on the first call and kept in the cache. */
export async function pauseProgram(): Promise<string> {
  const go = await findGo();
  const folder = await cached("pause", [...(await fileInputs(SOURCE, [".go", "go.mod"])), go.version], (target) =>
    goBuild(go, SOURCE, join(target, "pause")),
  );
  return join(folder, "pause");
}

/** Path of an OCI archive with the image `localhost/pause:1`: the pause program and nothing else. */
export async function pauseImage(): Promise<string> {
  const program = await pauseProgram();
  const folder = await cached("pause-image", [program, IMAGE_FORMAT], (target) => packImage(program, target));
  return join(folder, "pause.oci.tar");
}

async function packImage(program: string, folder: string): Promise<void> {
  const [tree, layout] = [join(folder, "tree"), join(folder, "layout")];
  const blobs = join(layout, "blobs", "sha256");
  await Promise.all([mkdir(tree), mkdir(blobs, { recursive: true })]);
  await copyFile(program, join(tree, "pause"));
  const layerFile = join(folder, "layer.tar");
  await tar(layerFile, tree, ["pause"]);
  const layer = await addBlob(blobs, await readFile(layerFile));
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const image = {
    architecture,
    os: "linux",
    config: { Entrypoint: ["/pause"], User: "65535:65535" },
    rootfs: { type: "layers", diff_ids: [layer.digest] },
  };
  const config = await addBlob(blobs, JSON.stringify(image));
  const media = (kind: string) => `application/vnd.oci.image.${kind}`;
  const manifest = await addBlob(
    blobs,
    JSON.stringify({
      schemaVersion: 2,
      mediaType: media("manifest.v1+json"),
      config: { mediaType: media("config.v1+json"), ...config },
      layers: [{ mediaType: media("layer.v1.tar"), ...layer }],
    }),
  );
  const annotations = { "org.opencontainers.image.ref.name": IMAGE_NAME, "io.containerd.image.name": IMAGE_NAME };
  const manifests = [{ mediaType: media("manifest.v1+json"), ...manifest, annotations }];
  await writeFile(join(layout, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  await writeFile(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  await tar(join(folder, "pause.oci.tar"), layout, ["oci-layout", "index.json", "blobs"]);
  await Promise.all([layerFile, tree, layout].map((path) => rm(path, { recursive: true })));
}

// Times and owners are fixed, so that the same program makes the same image.
function tar(archive: string, folder: string, entries: readonly string[]): Promise<string> {
  const reproducible = ["--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--sort=name"];
  return command("tar", ["-cf", archive, "-C", folder, ...reproducible, ...entries]);
}

async function addBlob(blobs: string, content: Buffer | string): Promise<{ digest: string; size: number }> {
  const hex = createHash("sha256").update(content).digest("hex");
  await writeFile(join(blobs, hex), content);
  return { digest: `sha256:${hex}`, size: Buffer.byteLength(content) };
}
