import { existsSync } from "node:fs";
import { readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { cached, cacheFolder, contentHash } from "@revenprox/cluster/build/cache";

export type CacheKey = { name: string; inputs: readonly string[] };

const KEPT_VERSIONS = 3;

/** The folder of a finished entry, and marks it as used; undefined when it has to be made. */
export async function findEntry(key: CacheKey): Promise<string | undefined> {
  const entry = join(cacheFolder(), `${key.name}-${contentHash(key.inputs)}`);
  if (!existsSync(entry)) return undefined;
  const now = new Date();
  await utimes(entry, now, now);
  return entry;
}

/** The folder of an entry, filled by `make` when it is not there; then only the versions used last are kept. */
export async function makeEntry(key: CacheKey, make: (folder: string) => Promise<void>): Promise<string> {
  const found = await findEntry(key);
  if (found !== undefined) return found;
  const entry = await cached(key.name, key.inputs, make);
  await pruneVersions(cacheFolder(), key.name);
  return entry;
}

/** Removes all but the versions of `name` used last, and what killed builds left half-made. */
export async function pruneVersions(folder: string, name: string): Promise<void> {
  const version = new RegExp(`^${name}-[0-9a-f]{16}(\\.partial)?$`);
  const names = (await readdir(folder)).filter((each) => version.test(each));
  const aged = await Promise.all(
    names
      .filter((each) => !each.endsWith(".partial"))
      .map(async (each) => ({ name: each, usedAt: (await stat(join(folder, each))).mtimeMs })),
  );
  const old = aged.sort((a, b) => b.usedAt - a.usedAt).slice(KEPT_VERSIONS);
  const halfMade = names.filter((each) => each.endsWith(".partial"));
  for (const each of [...old.map((entry) => entry.name), ...halfMade]) {
    await rm(join(folder, each), { recursive: true, force: true });
  }
}
