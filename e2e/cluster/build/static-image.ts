import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { command } from "../host/command.ts";
import { cached, contentHash } from "./cache.ts";

/** What an image of one static program is made of. */
export type StaticImageRecipe = {
  /** The image's name without its tag, such as `localhost/pause`. */
  repository: string;
  /** Default: a hash of the content. */
  tag?: string;
  /** Path of the program on this machine, in a folder of the cache: the name of that folder stands for its content. */
  program: string;
  /** Where it is in the image, without the leading slash; also what the image starts. */
  path: string;
  user: string;
};

/** An image ready to be imported. */
export type StaticImage = { name: string; archive: string };

const FORMAT = "2";

/** Packs one static program, and nothing else, into an image; kept in the cache. Needs no container engine and no root. */
export async function staticImage(recipe: StaticImageRecipe): Promise<StaticImage> {
  const { repository, program, path, user } = recipe;
  const inputs = [repository, program, path, user, FORMAT];
  const name = `${repository}:${recipe.tag ?? contentHash(inputs)}`;
  const folder = await cached(`${basename(repository)}-image`, [...inputs, name], (target) =>
    packImage(recipe, name, target),
  );
  return { name, archive: join(folder, ARCHIVE) };
}

const ARCHIVE = "image.oci.tar";

async function packImage({ program, path, user }: StaticImageRecipe, name: string, folder: string): Promise<void> {
  const [tree, layout] = [join(folder, "tree"), join(folder, "layout")];
  const blobs = join(layout, "blobs", "sha256");
  await Promise.all([mkdir(join(tree, dirname(path)), { recursive: true }), mkdir(blobs, { recursive: true })]);
  await copyFile(program, join(tree, path));
  const layerFile = join(folder, "layer.tar");
  await tar(layerFile, tree, [path.split("/")[0] ?? path]);
  const layer = await addBlob(blobs, await readFile(layerFile));
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const image = {
    architecture,
    os: "linux",
    config: { Entrypoint: [`/${path}`], User: user },
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
  const annotations = { "org.opencontainers.image.ref.name": name, "io.containerd.image.name": name };
  const manifests = [{ mediaType: media("manifest.v1+json"), ...manifest, annotations }];
  await writeFile(join(layout, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  await writeFile(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  await tar(join(folder, ARCHIVE), layout, ["oci-layout", "index.json", "blobs"]);
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
