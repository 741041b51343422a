import { join } from "node:path";

export type ApiServerPlace = {
  address: string;
  port: number;
  etcdUrl: string;
  /** Folder with `ca`, `apiserver` and `sa` certificates and keys. */
  pki: string;
  serviceRange: string;
};

/** Flags that every apiserver of ours has. */
export function apiServerFlags(place: ApiServerPlace): string[] {
  const file = (name: string) => join(place.pki, name);
  return [
    `--etcd-servers=${place.etcdUrl}`,
    `--bind-address=${place.address}`,
    `--advertise-address=${place.address}`,
    `--secure-port=${place.port}`,
    `--service-cluster-ip-range=${place.serviceRange}`,
    `--client-ca-file=${file("ca.crt")}`,
    `--tls-cert-file=${file("apiserver.crt")}`,
    `--tls-private-key-file=${file("apiserver.key")}`,
    "--allow-privileged",
    "--authorization-mode=Node,RBAC",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-key-file=${file("sa.pub")}`,
    `--service-account-signing-key-file=${file("sa.key")}`,
  ];
}

/** Flags of a single etcd for throw-away data: nothing waits for the disk. */
export function etcdFlags(dataFolder: string, clientUrl: string, peerUrl: string): string[] {
  return [
    `--data-dir=${dataFolder}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    "--unsafe-no-fsync",
    "--log-level=warn",
  ];
}
