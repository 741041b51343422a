import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Addresses inside the cluster's network namespace; no one outside can see or clash with them. */
export const NODE_ADDRESS = "10.250.0.1";
export const API_PORT = 6443;
export const SERVICE_RANGE = "10.96.0.0/16";
export const FIRST_SERVICE_ADDRESS = "10.96.0.1";
export const POD_RANGE = "10.244.0.0/24";

export const NODE_NAME = "node1";
export const NETWORK_NAMESPACE = "revenprox";
export const NETWORK_NAMESPACE_FILE = `/run/netns/${NETWORK_NAMESPACE}`;
/** Name of the pod network, and so the prefix of what libcni keeps under /var/lib/cni/results. */
export const POD_NETWORK = "revenprox";
/** kubelet's cgroupRoot: everything below it is ours to kill. */
export const CGROUP_ROOT = "/revenprox";
/** Every process of the cluster has this in its environment, with the state folder as value. */
export const MARKER = "REVENPROX_CLUSTER";
export const PAUSE_IMAGE = "localhost/pause:1";

// Linux allows 107 bytes for a unix socket's path; kubelet's longest name below the state folder takes 45.
const LONGEST_STATE_FOLDER = 60;

export type Layout = ReturnType<typeof layoutIn>;

/** The folder of everything that belongs to a running cluster: `$REVENPROX_STATE`, else `~/.local/state/revenprox/cluster`. */
export function stateFolder(): string {
  const folder = resolve(process.env["REVENPROX_STATE"] ?? join(homedir(), ".local", "state", "revenprox", "cluster"));
  if (Buffer.byteLength(folder) <= LONGEST_STATE_FOLDER) return folder;
  throw new Error(
    `the state folder ${folder} is longer than ${LONGEST_STATE_FOLDER} bytes, too long for the unix sockets in it; set REVENPROX_STATE to a shorter path`,
  );
}

/** Where each thing lies in a state folder. */
export function layoutIn(state: string) {
  const inState = (name: string) => join(state, name);
  return {
    state,
    pki: inState("pki"),
    logs: inState("logs"),
    processes: inState("processes"),
    sysctls: inState("sysctls.json"),
    etcd: inState("etcd"),
    /** Image content and containerd's database; the one thing that `down` keeps. */
    containerd: inState("containerd"),
    containerdState: inState("containerd-state"),
    containerdSocket: inState("containerd.sock"),
    containerdConfig: inState("containerd.toml"),
    runc: inState("runc"),
    cni: inState("cni"),
    cniAddresses: inState("cni-ipam"),
    kubelet: inState("kubelet"),
    kubeletConfig: inState("kubelet.json"),
    kubeProxyConfig: inState("kube-proxy.json"),
    corefile: inState("Corefile"),
    resolvConf: inState("resolv.conf"),
    volumePlugins: inState("volume-plugins"),
    podLogs: inState("pod-logs"),
    volumes: inState("volumes"),
    helm: inState("helm"),
    /** Kubeconfig for programs of the machine, through the forwarded port. */
    kubeconfig: inState("kubeconfig"),
    /** Kubeconfigs for programs inside the namespace, by identity: `admin` and one for each component. */
    insideKubeconfig: (identity: string) => inState(`${identity}.kubeconfig`),
  };
}
