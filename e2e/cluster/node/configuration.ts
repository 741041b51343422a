import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  CGROUP_ROOT,
  type Layout,
  NODE_ADDRESS,
  NODE_NAME,
  PAUSE_IMAGE,
  POD_NETWORK,
  POD_RANGE,
  SERVICE_RANGE,
} from "./layout.ts";

const MOST_OPEN_FILES = 20_000;

/** Contents of the configuration files, by path. */
export function configurationFiles(layout: Layout, runcProgram: string): Record<string, string> {
  return {
    [layout.containerdConfig]: containerdConfig(layout, runcProgram),
    [join(layout.cni, "10-pods.conflist")]: json(podNetwork(layout)),
    [layout.kubeletConfig]: json(kubeletConfig(layout, openFilesLimit())),
    [layout.kubeProxyConfig]: json(kubeProxyConfig(layout)),
    [layout.corefile]: corefile(layout),
    [layout.resolvConf]: `nameserver ${NODE_ADDRESS}\n`,
  };
}

const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;

function containerdConfig(layout: Layout, runcProgram: string): string {
  return `version = 2
root = '${layout.containerd}'
state = '${layout.containerdState}'
disabled_plugins = ['io.containerd.internal.v1.tracing']
[grpc]
  address = '${layout.containerdSocket}'
[plugins.'io.containerd.internal.v1.opt']
  path = '${layout.state}/opt'
[plugins.'io.containerd.grpc.v1.cri']
  sandbox_image = '${PAUSE_IMAGE}'
  disable_apparmor = true
  # Without CAP_SYS_RESOURCE a negative oom_score_adj kills runc.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
[plugins.'io.containerd.grpc.v1.cri'.cni]
  bin_dir = '/usr/lib/cni'
  conf_dir = '${layout.cni}'
[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.runc.options]
  BinaryName = '${runcProgram}'
  Root = '${layout.runc}'
`;
}

// No default route: a pod that calls an address outside gets "network unreachable" at once.
function podNetwork(layout: Layout): object {
  const ipam = {
    type: "host-local",
    ranges: [[{ subnet: POD_RANGE }]],
    routes: [{ dst: SERVICE_RANGE }, { dst: `${NODE_ADDRESS}/32` }],
    dataDir: layout.cniAddresses,
  };
  return {
    cniVersion: "1.0.0",
    name: POD_NETWORK,
    plugins: [
      { type: "bridge", bridge: "cni0", isGateway: true, ipMasq: false, hairpinMode: true, ipam },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}

function kubeletConfig(layout: Layout, openFiles: number): object {
  const pki = (name: string) => join(layout.pki, name);
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: NODE_ADDRESS,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: pki("ca.crt") },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: pki("kubelet.crt"),
    tlsPrivateKeyFile: pki("kubelet.key"),
    containerRuntimeEndpoint: `unix://${layout.containerdSocket}`,
    cgroupDriver: "cgroupfs",
    cgroupRoot: CGROUP_ROOT,
    failCgroupV1: false,
    failSwapOn: false,
    maxOpenFiles: openFiles,
    clusterDomain: "cluster.local",
    clusterDNS: [NODE_ADDRESS],
    resolvConf: layout.resolvConf,
    podLogsDir: layout.podLogs,
    volumePluginDir: layout.volumePlugins,
    imageGCHighThresholdPercent: 100,
    serializeImagePulls: false,
    // A mounted ConfigMap follows its object within this time, and not within a minute.
    syncFrequency: "5s",
    nodeStatusUpdateFrequency: "5s",
    evictionHard: { "memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
  };
}

function kubeProxyConfig(layout: Layout): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    // With the default of 1 s, a request right after a rollout could still be sent to a pod that is gone.
    nftables: { minSyncPeriod: "50ms" },
    clusterCIDR: POD_RANGE,
    hostnameOverride: NODE_NAME,
    nodePortAddresses: [`${NODE_ADDRESS}/32`],
    // The limit on tracked connections is the whole machine's: left as it is.
    conntrack: { maxPerCore: 0 },
    healthzBindAddress: "127.0.0.1:10256",
    metricsBindAddress: "127.0.0.1:10249",
    clientConnection: { kubeconfig: layout.insideKubeconfig("kube-proxy") },
  };
}

// The second block answers at once that names outside the cluster do not exist.
function corefile(layout: Layout): string {
  return `cluster.local:53 in-addr.arpa:53 {
  bind ${NODE_ADDRESS}
  errors
  health 127.0.0.1:8089
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${layout.insideKubeconfig("coredns")}
    pods insecure
    ttl 1
  }
  loadbalance
}
.:53 {
  bind ${NODE_ADDRESS}
  template ANY ANY {
    rcode NXDOMAIN
  }
}
`;
}

function openFilesLimit(): number {
  return Math.min(MOST_OPEN_FILES, hardOpenFilesLimit(readFileSync("/proc/self/limits", "utf8")));
}

/** The hard limit on open files in the text of /proc/PID/limits; infinite when it says "unlimited". */
export function hardOpenFilesLimit(limits: string): number {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1];
  const parsed = Number(hard);
  return Number.isNaN(parsed) ? Number.POSITIVE_INFINITY : parsed;
}
