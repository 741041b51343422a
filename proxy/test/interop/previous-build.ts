import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const archive = fileURLToPath(new URL("previous-build.tar.gz", import.meta.url));
const proxyFolder = fileURLToPath(new URL("../..", import.meta.url));
const contractModules = fileURLToPath(new URL("../../../contract/node_modules", import.meta.url));

export interface PreviousBuild {
  /** Its main.js. */
  readonly main: string;
  dispose(): Promise<void>;
}

/** Unpacks the proxy of the last release below this package, where it finds today's dependencies but its own contract. */
export const unpackPreviousBuild = async (): Promise<PreviousBuild> => {
  const parent = join(proxyFolder, "node_modules/.interop");
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, "build-"));
  await promisify(execFile)("tar", ["-xzf", archive, "-C", folder]);
  await mkdir(join(folder, "node_modules/@revenprox"), { recursive: true });
  await symlink(join(folder, "contract"), join(folder, "node_modules/@revenprox/contract"));
  await symlink(join(contractModules, "zod"), join(folder, "node_modules/zod"));
  return { main: join(folder, "proxy/dist/main.js"), dispose: () => rm(folder, { recursive: true, force: true }) };
};
