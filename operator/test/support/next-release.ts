import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A release to come, made of the present sources. */
export interface NextRelease {
  /** Its program, for `spawnOperator`. */
  readonly main: string;
  remove(): Promise<void>;
}

/** Name in TOML of the key that the next release knows, and sets where the user does not. */
export const newKey = "novelty = 7";

const moved = 'metricsEnabled: cold(z.boolean().default(true), "Whether /metrics is served at all."),';

/**
 * What the next release has besides: a key that proxies read at their start, with a default and with a wish of the
 * operator's own, and another order of the keys.
 */
const changes: readonly (readonly [file: string, before: string, after: string])[] = [
  ["contract/src/config/process.ts", moved, ""],
  [
    "contract/src/config/process.ts",
    "export const processKeys = {",
    `export const processKeys = { ${moved} novelty: cold(z.int().min(0).default(3), "New in the next release."),`,
  ],
  [
    "operator/src/desired/proxy-toml.ts",
    'const clusterDefaults: Table = { logFormat: "json" };',
    'const clusterDefaults: Table = { logFormat: "json", novelty: 7 };',
  ],
];

const root = fileURLToPath(new URL("../../../", import.meta.url));
const isSource = (path: string): boolean => !["node_modules", "dist", "test"].includes(basename(path));

/** The dependencies of the operator, but for the contract, which is the copy's. */
const linkDependencies = async (folder: string): Promise<void> => {
  await symlink(join(root, "contract/node_modules"), join(folder, "contract/node_modules"));
  const modules = join(folder, "operator/node_modules");
  await mkdir(join(modules, "@revenprox"), { recursive: true });
  for (const name of await readdir(join(root, "operator/node_modules")))
    if (name !== "@revenprox") await symlink(join(root, "operator/node_modules", name), join(modules, name));
  await symlink(join(folder, "contract"), join(modules, "@revenprox/contract"));
};

/** Copies the sources of the operator and changes them as a release does that brings a key. */
export const makeNextRelease = async (): Promise<NextRelease> => {
  const folder = await mkdtemp(join(tmpdir(), "revenprox-next-"));
  for (const part of ["contract", "operator"])
    await cp(join(root, part), join(folder, part), { recursive: true, filter: isSource });
  for (const [file, before, after] of changes) {
    const text = await readFile(join(folder, file), "utf8");
    if (!text.includes(before))
      throw new Error(`${file} no longer has ${JSON.stringify(before)}: mend ${import.meta.url}`);
    await writeFile(join(folder, file), text.replace(before, after));
  }
  await linkDependencies(folder);
  return { main: join(folder, "operator/src/main.ts"), remove: () => rm(folder, { recursive: true }) };
};
