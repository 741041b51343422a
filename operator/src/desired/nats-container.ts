import { natsUsers } from "@revenprox/contract/nats-subjects";
import { ports } from "@revenprox/contract/ports";
import type { Instance } from "./instance.ts";
import { natsConfigFile, natsMounts } from "./mounts.ts";
import { natsEnvironment, routeVariable } from "./nats-config.ts";
import type { ManagedNats } from "./nats-plan.ts";
import { restrictedContainer } from "./pod-security.ts";

/** Seconds a NATS pod may take to end: handing over its leaderships, then the lame duck duration. */
export const natsGraceSec = 60;

const defaultResources = { requests: { cpu: "100m", memory: "256Mi" } };

const monitorGet = (path: string) => ({ httpGet: { path, port: ports.natsMonitor.name } });

/**
 * Of a single server the full check: nothing but a start is behind others there, which the startup probe waits for. It
 * fails once a write has failed, after which nats-server stores nothing in that stream until it is started again, also
 * when the disk has room. Patient: while the disk stays full the past is readable between two starts.
 */
const livenessAlone = { ...monitorGet("/healthz"), periodSeconds: 30, timeoutSeconds: 5, failureThreshold: 10 };
/** With peers a server that catches up, or has lost the others, must live; at a full disk it switches JetStream off. */
const livenessWithPeers = {
  ...monitorGet("/healthz?js-enabled-only=true"),
  periodSeconds: 30,
  timeoutSeconds: 5,
  failureThreshold: 3,
};

/**
 * Startup waits until the journal's copy has caught up, so that no server counts as ready too early. After that a server
 * counts by itself alone: an ailing peer must not take it out of the Service. (`js-server-only` would not look at
 * JetStream at all.)
 */
const probes = ({ replicas }: ManagedNats) => ({
  startupProbe: { ...monitorGet("/healthz"), periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 450 },
  livenessProbe: replicas === 1 ? livenessAlone : livenessWithPeers,
  readinessProbe: {
    ...monitorGet("/healthz?js-enabled-only=true"),
    periodSeconds: 5,
    timeoutSeconds: 5,
    failureThreshold: 3,
  },
});

const raw = (variable: string): string => `${variable}_RAW`;

/**
 * nats-server parses the value of a variable like its configuration: `12k` would be a number and `-x` a fault.
 * So each is handed over within quotes.
 */
const password = (name: keyof typeof natsUsers, secretName: string) => {
  const variable = natsEnvironment[name];
  return [
    { name: raw(variable), valueFrom: { secretKeyRef: { name: secretName, key: natsUsers[name] } } },
    { name: variable, value: `"$(${raw(variable)})"` },
  ];
};

const routes = ({ names, namespace }: Instance, { replicas }: ManagedNats) => {
  if (replicas === 1) return [];
  const credentials = `${natsUsers.admin}:$(${raw(natsEnvironment.admin)})`;
  return Array.from({ length: replicas }, (_, index) => {
    const host = `${names.nats}-${index}.${names.natsHeadless}.${namespace}.svc:${ports.natsCluster.number}`;
    return { name: routeVariable(index), value: `"nats-route://${credentials}@${host}"` };
  });
};

const environment = (instance: Instance, nats: ManagedNats) => [
  { name: natsEnvironment.serverName, valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
  ...password("proxy", instance.names.natsUsers),
  ...password("publisher", instance.names.natsUsers),
  ...password("admin", instance.names.natsUsers),
  ...routes(instance, nats),
];

const containerPort = ({ name, number }: { readonly name: string; readonly number: number }) => ({
  name,
  containerPort: number,
  protocol: "TCP",
});

/** With peers, leaderships move before the end (0.1 s without publishing, not 4 to 8); alone it would only wait. */
const lameDuck = { lifecycle: { preStop: { exec: { command: ["/nats-server", "--signal", "ldm=1"] } } } };

export const natsContainer = (instance: Instance, nats: ManagedNats) => ({
  name: "nats",
  image: instance.images.nats,
  imagePullPolicy: "IfNotPresent",
  args: ["--config", `${natsMounts.config}/${natsConfigFile}`],
  env: environment(instance, nats),
  ports: [ports.natsClient, ports.natsCluster, ports.natsMonitor].map(containerPort),
  ...probes(nats),
  ...(nats.replicas > 1 ? lameDuck : {}),
  resources: instance.revenprox.spec.nats?.managed?.resources ?? defaultResources,
  securityContext: restrictedContainer,
  volumeMounts: [
    { name: "config", mountPath: natsMounts.config, readOnly: true },
    ...(nats.tls ? [{ name: "tls", mountPath: natsMounts.tls, readOnly: true }] : []),
    { name: "journal", mountPath: natsMounts.journal },
  ],
});
