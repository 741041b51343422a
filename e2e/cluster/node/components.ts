import type { Component } from "../build/kubernetes.ts";
import { apiServerFlags, etcdFlags } from "../control-plane/api-server.ts";
import type { Leaf } from "../control-plane/certificates.ts";
import { API_PORT, FIRST_SERVICE_ADDRESS, type Layout, NODE_ADDRESS, NODE_NAME, SERVICE_RANGE } from "./layout.ts";

const ETCD_URL = "http://127.0.0.1:2379";

/** Components that act as themselves towards the apiserver, each with a certificate and kubeconfig of its name. */
export const IDENTITIES: readonly Leaf[] = [
  { name: "admin", subject: "/O=system:masters/CN=admin", hosts: [] },
  { name: "apiserver-kubelet", subject: "/O=system:masters/CN=apiserver-kubelet", hosts: [] },
  { name: "kube-controller-manager", subject: "/CN=system:kube-controller-manager", hosts: [] },
  { name: "kube-scheduler", subject: "/CN=system:kube-scheduler", hosts: [] },
  { name: "kube-proxy", subject: "/CN=system:kube-proxy", hosts: [] },
  { name: "coredns", subject: "/CN=system:coredns", hosts: [] },
  { name: "volume-provisioner", subject: "/CN=system:volume-provisioner", hosts: [] },
  {
    name: "kubelet",
    subject: `/O=system:nodes/CN=system:node:${NODE_NAME}`,
    hosts: [`IP:${NODE_ADDRESS}`, `DNS:${NODE_NAME}`],
  },
];

/** 127.0.0.1 is there for callers from outside, who come through a forwarded port. */
export const API_SERVER_CERTIFICATE: Leaf = {
  name: "apiserver",
  subject: "/CN=kube-apiserver",
  hosts: [
    `IP:${NODE_ADDRESS}`,
    "IP:127.0.0.1",
    `IP:${FIRST_SERVICE_ADDRESS}`,
    "DNS:localhost",
    "DNS:kubernetes",
    "DNS:kubernetes.default",
    "DNS:kubernetes.default.svc",
    "DNS:kubernetes.default.svc.cluster.local",
  ],
};

export type DaemonComponent = Exclude<Component, "kubectl">;

/** The command line of a component. */
export function componentArguments(component: DaemonComponent, layout: Layout): string[] {
  const connection = WITH_KUBECONFIG_FLAG.has(component) ? [`--kubeconfig=${layout.insideKubeconfig(component)}`] : [];
  return [...connection, ...ownArguments[component](layout)];
}

/** The others find theirs in their configuration file, or need none. */
const WITH_KUBECONFIG_FLAG: ReadonlySet<DaemonComponent> = new Set([
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "volume-provisioner",
]);

const ALONE = ["--leader-elect=false", "--bind-address=127.0.0.1"];

const ownArguments: Record<DaemonComponent, (layout: Layout) => string[]> = {
  etcd: (layout) => etcdFlags(layout.etcd, ETCD_URL, "http://127.0.0.1:2380"),
  "kube-apiserver": ({ pki }) => [
    ...apiServerFlags({ address: NODE_ADDRESS, port: API_PORT, etcdUrl: ETCD_URL, pki, serviceRange: SERVICE_RANGE }),
    "--enable-admission-plugins=NodeRestriction",
    "--kubelet-preferred-address-types=InternalIP",
    `--kubelet-client-certificate=${pki}/apiserver-kubelet.crt`,
    `--kubelet-client-key=${pki}/apiserver-kubelet.key`,
    `--kubelet-certificate-authority=${pki}/ca.crt`,
  ],
  "kube-controller-manager": ({ pki, volumePlugins }) => [
    ...ALONE,
    `--service-account-private-key-file=${pki}/sa.key`,
    `--root-ca-file=${pki}/ca.crt`,
    `--cluster-signing-cert-file=${pki}/ca.crt`,
    `--cluster-signing-key-file=${pki}/ca.key`,
    "--use-service-account-credentials",
    // At the default rate the first namespace waits seconds for its ServiceAccount.
    "--kube-api-qps=200",
    "--kube-api-burst=400",
    `--flex-volume-plugin-dir=${volumePlugins}`,
  ],
  "kube-scheduler": () => ALONE,
  kubelet: (layout) => [
    `--config=${layout.kubeletConfig}`,
    `--root-dir=${layout.kubelet}`,
    `--hostname-override=${NODE_NAME}`,
    `--node-ip=${NODE_ADDRESS}`,
  ],
  "kube-proxy": (layout) => [`--config=${layout.kubeProxyConfig}`],
  coredns: (layout) => ["-conf", layout.corefile],
  "volume-provisioner": (layout) => [`--folder=${layout.volumes}`],
};
