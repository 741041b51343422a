import { InvalidConfigError } from "./effective-config.ts";

/** Any object of a NetworkPolicy rule. */
export type PolicyRule = Readonly<Record<string, unknown>>;

const tcp = (port: number): PolicyRule => ({ protocol: "TCP", port });

const defaultPorts: Readonly<Record<string, number>> = { "http:": 80, "https:": 443, "nats:": 4222, "tls:": 4222 };

export const namespacePeer = (namespace: string): PolicyRule => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
});

/**
 * Namespace of a Service that a host name may mean, as a pod in `own` would resolve it. Two labels may as well be a
 * name outside the cluster.
 */
const namespaceOf = (host: string, own: string): string | undefined => {
  const [, namespace, kind] = host.split(".");
  if (namespace === undefined) return own;
  return kind === undefined || kind === "svc" ? namespace : undefined;
};

const isInside = (host: string): boolean => !host.includes(".") || host.split(".")[2] === "svc";

const addressOf = (host: string): string | undefined => {
  if (host.startsWith("[")) return `${host.slice(1, -1)}/128`;
  return /^\d+(\.\d+){3}$/.test(host) ? `${host}/32` : undefined;
};

/**
 * What lets a pod of namespace `own` reach a URL. A policy sees the address and port of the pod behind a Service, which
 * a URL does not tell: so a Service's whole namespace is allowed over TCP, and for a name outside its port anywhere.
 */
export const egressTo = (url: string, own: string): readonly PolicyRule[] => {
  if (!URL.canParse(url))
    throw new InvalidConfigError(
      `${url} is no URL: its host must be a name or an address, its port a number up to 65535`,
    );
  const { hostname, port, protocol } = new URL(url);
  const ports = [tcp(port === "" ? (defaultPorts[protocol] ?? 443) : Number(port))];
  const address = addressOf(hostname);
  if (address !== undefined) return [{ to: [{ ipBlock: { cidr: address } }], ports }];
  const namespace = namespaceOf(hostname, own);
  const services = namespace === undefined ? [] : [{ to: [namespacePeer(namespace)] }];
  return isInside(hostname) ? services : [...services, { ports }];
};
