import { delimiter } from "node:path";
import type { DaemonHome } from "../host/daemon.ts";
import { type Layout, MARKER, NETWORK_NAMESPACE_FILE } from "./layout.ts";

// A user's PATH may lack the folders where containerd's shim, runc, iptables and mount lie.
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** The environment of all that belongs to the cluster; its marker tells such a process from any other. */
export function clusterEnvironment(layout: Layout): NodeJS.ProcessEnv {
  const path = [...SYSTEM_FOLDERS, process.env["PATH"] ?? ""].join(delimiter);
  return { HOME: layout.state, PATH: path, [MARKER]: layout.state };
}

/** Where and as what the cluster's daemons run. */
export function daemonHome(layout: Layout): DaemonHome {
  return {
    processes: layout.processes,
    logs: layout.logs,
    state: layout.state,
    env: clusterEnvironment(layout),
    networkNamespace: NETWORK_NAMESPACE_FILE,
  };
}
