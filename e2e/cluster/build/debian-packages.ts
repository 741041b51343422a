import { existsSync } from "node:fs";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { command } from "../host/command.ts";
import { withMutex } from "../host/mutex.ts";
import { withProgress } from "./progress.ts";

export type Requirement = { package: string; program: string };

/** A program is looked for on PATH and in the system's folders; a path is looked for as it stands. */
const REQUIREMENTS: readonly Requirement[] = [
  { package: "containerd", program: "containerd" },
  { package: "runc", program: "runc" },
  { package: "containernetworking-plugins", program: "/usr/lib/cni/bridge" },
  // The portmap plugin of CNI calls iptables.
  { package: "iptables", program: "iptables" },
  { package: "nftables", program: "nft" },
  { package: "iproute2", program: "ip" },
  { package: "procps", program: "sysctl" },
  { package: "kmod", program: "modprobe" },
  { package: "util-linux", program: "nsenter" },
  { package: "openssl", program: "openssl" },
  { package: "unzip", program: "unzip" },
  { package: "buildah", program: "buildah" },
  { package: "debootstrap", program: "debootstrap" },
];

const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** A browser, which only the conformance suite needs. */
export const chromiumPackage: Requirement = { package: "chromium", program: "/usr/bin/chromium" };

/**
 * Installs, by apt-get, the Debian packages whose programs are missing; no service of theirs is started.
 * Without `wanted`: those that the cluster needs.
 * Throws when something is missing and this is not Debian, or not root, and says how to get it.
 */
export async function ensureDebianPackages(wanted: readonly Requirement[] = REQUIREMENTS): Promise<void> {
  if (missingPackages(isThere, wanted).length === 0) return;
  await withMutex("packages", async () => {
    const missing = missingPackages(isThere, wanted);
    if (missing.length === 0) return;
    const install = `apt-get install --no-install-recommends ${missing.join(" ")}`;
    if (!existsSync("/usr/bin/apt-get")) {
      throw new Error(
        `missing here: ${missing.join(", ")} (Debian's package names). This machine has no apt-get: install them by its own means`,
      );
    }
    if (process.getuid?.() !== 0)
      throw new Error(`missing here: ${missing.join(", ")}. Run this as root, or first: sudo ${install}`);
    await withProgress(`installing Debian packages: ${missing.join(", ")}`, "under a minute, once", () =>
      aptInstall(missing),
    );
  });
}

/** Names of the packages whose programs `isPresent` does not find, without doubles. */
export function missingPackages(
  isPresent: (program: string) => boolean,
  wanted: readonly Requirement[] = REQUIREMENTS,
): string[] {
  return wanted.filter((each) => !isPresent(each.program)).map((each) => each.package);
}

function isThere(program: string): boolean {
  if (program.startsWith("/")) return existsSync(program);
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...SYSTEM_FOLDERS];
  return folders.some((folder) => existsSync(join(folder, program)));
}

async function aptInstall(packages: readonly string[]): Promise<void> {
  const inert = await mkdtemp(join(tmpdir(), "revenprox-packages-"));
  try {
    // Package scripts start services through these two; found first on dpkg's PATH, they do nothing.
    await Promise.all(["invoke-rc.d", "deb-systemd-invoke"].map((name) => symlink("/bin/true", join(inert, name))));
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const path = [inert, ...SYSTEM_FOLDERS].join(delimiter);
    await command("apt-get", ["update", "-qq"], { env });
    const options = [
      "-y",
      "-qq",
      "--no-install-recommends",
      "-o",
      "DPkg::Lock::Timeout=300",
      "-o",
      `DPkg::Path=${path}`,
    ];
    await command("apt-get", ["install", ...options, ...packages], { env });
  } finally {
    await rm(inert, { recursive: true });
  }
}
