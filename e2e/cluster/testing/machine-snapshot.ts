import { existsSync, readdirSync } from "node:fs";
import { cgroupTrees } from "../host/cgroups.ts";
import { command } from "../host/command.ts";
import { currentMounts } from "../host/mounts.ts";
import { findByEnvironment } from "../host/process-table.ts";
import { CGROUP_ROOT, MARKER, NETWORK_NAMESPACE_FILE } from "../node/layout.ts";

const KERNEL_SETTINGS = [
  "vm.overcommit_memory",
  "vm.panic_on_oom",
  "kernel.panic",
  "kernel.panic_on_oops",
  "net.ipv4.ip_forward",
];

/** All of the machine that a cluster could have changed, and of the cluster that could have stayed. */
export async function machineSnapshot(stateFolder: string) {
  const [links, routes, rules, settings] = await Promise.all([
    command("ip", ["-o", "link"]),
    command("ip", ["route", "show", "table", "all"]),
    command("nft", ["list", "ruleset"]),
    command("sysctl", KERNEL_SETTINGS),
  ]);
  const mounts = currentMounts();
  return {
    links,
    routes,
    rules,
    settings,
    mounts: mounts.map(({ point }) => point).filter((point) => point.startsWith(stateFolder)),
    networkNamespace: existsSync(NETWORK_NAMESPACE_FILE),
    cgroups: cgroupTrees(mounts).filter((tree) => existsSync(tree + CGROUP_ROOT)),
    processes: findByEnvironment(`${MARKER}=${stateFolder}`),
    networkResults: listFolder("/var/lib/cni/results"),
    logLinks: listFolder("/var/log/containers"),
    shimSockets: listFolder("/run/containerd/s"),
  };
}

const listFolder = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);
