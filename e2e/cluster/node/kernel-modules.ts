import { existsSync, readFileSync } from "node:fs";
import { tryCommand } from "../host/command.ts";

const MODULES = [
  { name: "overlay", isThere: () => readFileSync("/proc/filesystems", "utf8").includes("\toverlay\n") },
  // Without it, traffic between pods of the node passes by the Service rules.
  { name: "br_netfilter", isThere: () => existsSync("/proc/sys/net/bridge/bridge-nf-call-iptables") },
];

/** Loads the kernel modules that pods need. Throws when one cannot be had. */
export async function loadKernelModules(): Promise<void> {
  for (const { name, isThere } of MODULES) {
    if (isThere()) continue;
    const { stderr } = await tryCommand("modprobe", [name]);
    if (!isThere())
      throw new Error(`the kernel does not offer ${name}, which pods need; modprobe ${name} said: ${stderr.trim()}`);
  }
}
