import { selectorLabels } from "@revenprox/contract/labels";
import { ports } from "@revenprox/contract/ports";
import type { NetworkPolicySpec } from "@revenprox/contract/resource/spec-network";
import type { DesiredObject } from "../reconcile/ports.ts";
import { egressTo, namespacePeer, type PolicyRule } from "./egress-targets.ts";
import type { Instance } from "./instance.ts";
import { metadata } from "./metadata.ts";

const tcp = ({ number }: { readonly number: number }): PolicyRule => ({ protocol: "TCP", port: number });
const podsOf = ({ name }: Instance, component: "proxy" | "nats"): PolicyRule => ({
  podSelector: { matchLabels: selectorLabels(name, component) },
});

const specOf = ({ revenprox }: Instance): NetworkPolicySpec => revenprox.spec.networkPolicy ?? {};

/** Wherever its server runs: in kube-system, on the node itself, elsewhere. */
const dns: PolicyRule = {
  ports: [
    { protocol: "UDP", port: 53 },
    { protocol: "TCP", port: 53 },
  ],
};

/** What the chart labels the operator's pods with. */
const operatorPods = ({ settings: { namespace } }: Instance): PolicyRule => ({
  ...(namespace === undefined ? { namespaceSelector: {} } : namespacePeer(namespace)),
  podSelector: {
    matchLabels: { "app.kubernetes.io/component": "operator", "app.kubernetes.io/part-of": "revenprox" },
  },
});

/** The label that the Prometheus operator and the usual charts give to Prometheus itself. */
const anyPrometheus = [
  { namespaceSelector: {}, podSelector: { matchLabels: { "app.kubernetes.io/name": "prometheus" } } },
];

/** Who may reach the data plane. In a policy an empty list would be everybody, too. */
const clientRules = ({ clientsFrom, monitoringFrom = anyPrometheus }: NetworkPolicySpec): readonly PolicyRule[] => {
  const at = [tcp(ports.http)];
  if (clientsFrom === undefined) return [{ ports: at }];
  const from = [...clientsFrom, ...monitoringFrom];
  return from.length === 0 ? [] : [{ from, ports: at }];
};

/** Probes come from the pod's own node, which every policy lets through. */
const proxyIngress = (instance: Instance): readonly PolicyRule[] => {
  const spec = specOf(instance);
  const { monitoringFrom = anyPrometheus } = spec;
  return [...clientRules(spec), { from: [operatorPods(instance), ...monitoringFrom], ports: [tcp(ports.management)] }];
};

/** Servers tell of others of their system, at the same port as a rule: so addresses do not bound these. */
const externalNatsEgress = (servers: readonly string[], namespace: string): readonly PolicyRule[] =>
  servers
    .flatMap((server) => egressTo(server, namespace))
    .map(({ to, ports: at }) => (at === undefined ? { to } : { ports: at }));

const namedUrls = ({ config, revenprox }: Instance): readonly string[] =>
  [config.jwtVerifier.webhookUrl, config.jwtVerifier.jwksUrl, revenprox.spec.tracing?.endpoint].filter(
    (url) => url !== undefined,
  );

const unique = (rules: readonly PolicyRule[]): readonly PolicyRule[] => [
  ...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values(),
];

const proxyEgress = (instance: Instance): readonly PolicyRule[] => {
  const { nats, namespace } = instance;
  const bus =
    nats.kind === "managed"
      ? [{ to: [podsOf(instance, "nats")], ports: [tcp(ports.natsClient)] }]
      : externalNatsEgress(nats.servers, namespace);
  const named = namedUrls(instance).flatMap((url) => egressTo(url, namespace));
  const extra = (specOf(instance).extraEgress ?? []).map(({ to, ports: at }) => ({
    to,
    ...(at === undefined ? {} : { ports: at.map(({ port, protocol = "TCP" }) => ({ protocol, port })) }),
  }));
  return unique([dns, ...bus, ...named, ...extra]);
};

const natsIngress = (instance: Instance): readonly PolicyRule[] => {
  const { publishersFrom = [{ podSelector: {} }] } = specOf(instance);
  return [
    { from: [podsOf(instance, "proxy"), ...publishersFrom], ports: [tcp(ports.natsClient)] },
    { from: [podsOf(instance, "nats")], ports: [tcp(ports.natsCluster)] },
    // Before it restarts one server it asks the others whether their copies of the journal are current.
    { from: [operatorPods(instance)], ports: [tcp(ports.natsMonitor)] },
  ];
};

const natsEgress = (instance: Instance): readonly PolicyRule[] => [
  dns,
  { to: [podsOf(instance, "nats")], ports: [tcp(ports.natsCluster)] },
];

interface Rules {
  readonly ingress: readonly PolicyRule[];
  readonly egress: readonly PolicyRule[];
}

const policy = (instance: Instance, component: "proxy" | "nats", { ingress, egress }: Rules): DesiredObject => {
  const restricted = specOf(instance).restrictEgress !== false;
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: metadata(instance, instance.names[component], component),
    spec: {
      podSelector: { matchLabels: selectorLabels(instance.name, component) },
      policyTypes: restricted ? ["Ingress", "Egress"] : ["Ingress"],
      ingress,
      ...(restricted ? { egress } : {}),
    },
  };
};

/** Who may talk to the pods, and to whom they may. Both policies go before the pods, so that none runs without. */
export const networkPolicies = (instance: Instance): readonly DesiredObject[] => {
  if (specOf(instance).enabled === false) return [];
  const proxies = policy(instance, "proxy", { ingress: proxyIngress(instance), egress: proxyEgress(instance) });
  if (instance.nats.kind === "external") return [proxies];
  return [proxies, policy(instance, "nats", { ingress: natsIngress(instance), egress: natsEgress(instance) })];
};
