import { join } from "node:path";
import { cached, fileInputs } from "./cache.ts";
import { findGo, goBuild } from "./go.ts";
import { staticImage } from "./static-image.ts";

const SOURCE = join(import.meta.dirname, "..", "pause");

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
  const recipe = { repository: "localhost/pause", tag: "1", program, path: "pause", user: "65535:65535" };
  return (await staticImage(recipe)).archive;
}
