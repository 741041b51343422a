import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { withMutex } from "../host/mutex.ts";

/** The folder of everything built once: `$REVENPROX_CACHE`, else `~/.cache/revenprox`. */
export function cacheFolder(): string {
  return process.env["REVENPROX_CACHE"] ?? join(homedir(), ".cache", "revenprox");
}

/**
 * The folder `<name>-<hash of inputs>` in the cache, filled by `make` when it is not there yet.
 * A killed `make` leaves nothing that a later call would take for finished; concurrent calls make it once.
 */
export async function cached(
  name: string,
  inputs: readonly string[],
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const entry = join(cacheFolder(), `${name}-${contentHash(inputs)}`);
  if (existsSync(entry)) return entry;
  return withMutex(`cache${entry}`.slice(-90), async () => {
    if (existsSync(entry)) return entry;
    const partial = `${entry}.partial`;
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    await make(partial);
    await rename(partial, entry);
    return entry;
  });
}

/** 16 hex digits that change when any input, or their order, changes. */
export function contentHash(inputs: readonly string[]): string {
  const hash = createHash("sha256");
  for (const input of inputs) hash.update(`${input.length}:`).update(input);
  return hash.digest("hex").slice(0, 16);
}

/** Names and contents of a folder's files that end in one of `suffixes`, in name order: inputs of a cache entry. */
export async function fileInputs(folder: string, suffixes: readonly string[]): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => suffixes.some((suffix) => name.endsWith(suffix))).sort();
  const contents = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return names.flatMap((name, index) => [name, contents[index] ?? ""]);
}
