import { existsSync } from "node:fs";
import { join } from "node:path";
import { cached } from "@revenprox/cluster/build/cache";
import { command, tryCommand } from "@revenprox/cluster/host/command";

/** Packages that would be installed for these, those that are there already left out. */
const wanted = async (packages: readonly string[]): Promise<readonly string[] | undefined> => {
  const plan = await tryCommand("apt-get", ["install", "--simulate", "--no-install-recommends", ...packages]);
  if (plan.code !== 0) return undefined;
  return [...plan.stdout.matchAll(/^Inst (\S+)/gm)].flatMap(([, name]) => (name === undefined ? [] : [name]));
};

const unpack = async (packages: readonly string[], folder: string): Promise<void> => {
  const names = await wanted(packages);
  if (names === undefined) throw new Error(`apt-get does not know ${packages.join(", ")}`);
  await command("apt-get", ["download", ...names], { cwd: folder });
  await command("sh", ["-c", 'for package in *.deb; do dpkg-deb -x "$package" . && rm "$package"; done'], {
    cwd: folder,
  });
};

/**
 * A folder of the cache with the files of Debian packages and of what they need that the system has not; nothing is
 * installed. Undefined, with the reason told, where this is no Debian or the packages cannot be fetched.
 */
export const debianFolder = async (
  name: string,
  packages: readonly string[],
  tell: (why: string) => void,
): Promise<string | undefined> => {
  if (!existsSync("/usr/bin/apt-get")) {
    tell("this machine has no apt-get");
    return undefined;
  }
  try {
    return await cached(`bench-${name}`, packages, (folder) => unpack(packages, folder));
  } catch (error) {
    tell(`its packages cannot be fetched (apt-get update first?): ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
};

/** Where its libraries are looked for first. */
export const libraryPath = (folder: string): string =>
  [`usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`, "usr/lib"]
    .map((part) => join(folder, part))
    .join(":");
