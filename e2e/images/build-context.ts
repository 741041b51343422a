import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { copiedSources } from "./dockerfile.ts";
import { ignoredBy } from "./dockerignore.ts";

/** What one image is built from: held in memory, so that what was hashed is what is built. */
export type BuildContext = { dockerfile: string; files: ReadonlyMap<string, string> };

const DOCKERIGNORE = ".dockerignore";

/** Reads the Dockerfile at `path`, and the files it copies, from the repository folder `root`. */
export async function readBuildContext(root: string, path: string): Promise<BuildContext> {
  const dockerfile = await readFile(join(root, path), "utf8");
  const isIgnored = ignoredBy(await readFile(join(root, DOCKERIGNORE), "utf8"));
  const found = await Promise.all(copiedSources(dockerfile).map((source) => filesBelow(root, source, isIgnored)));
  const paths = [...new Set(found.flat())].sort();
  if (paths.length === 0 && found.length > 0) throw new Error(`${path} copies files, but none of them is in ${root}`);
  const contents = await Promise.all(paths.map((file) => readFile(join(root, file), "utf8")));
  return { dockerfile, files: new Map(paths.map((file, index) => [file, contents[index] ?? ""])) };
}

/** The context as a flat list for a content hash. */
export function contextInputs(context: BuildContext): string[] {
  return [context.dockerfile, ...[...context.files].flat()];
}

/** Writes the context into the empty folder `folder`; returns the path of the Dockerfile, which lies beside it. */
export async function writeBuildContext(context: BuildContext, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const [path, content] of context.files) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
  }
  const dockerfile = `${folder}.Dockerfile`;
  await writeFile(dockerfile, context.dockerfile);
  return dockerfile;
}

async function filesBelow(root: string, path: string, isIgnored: (path: string) => boolean): Promise<string[]> {
  if (isIgnored(path)) return [];
  const found = await stat(join(root, path)).catch((cause: unknown) => {
    throw new Error(`a Dockerfile copies ${path}, which is not in ${root}`, { cause });
  });
  if (found.isFile()) return [path];
  const names = await readdir(join(root, path));
  const nested = await Promise.all(names.map((name) => filesBelow(root, `${path}/${name}`, isIgnored)));
  return nested.flat();
}
