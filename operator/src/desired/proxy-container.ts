import { ports } from "@revenprox/contract/ports";
import type { Instance } from "./instance.ts";
import { configFile, proxyMounts } from "./mounts.ts";
import { extraEnvironment } from "./pod-extras.ts";
import { restrictedContainer } from "./pod-security.ts";

/**
 * Seconds between a pod's removal from the endpoints and its SIGTERM. Node proxies learn of the removal late, and until
 * then send new clients here: served now and drained cleanly later, where a 503 would end a native EventSource for good.
 */
export const endpointLagSec = 2;

/** Requests for a few thousand streams. No limit: what a proxy needs grows with its streams, which only the user knows. */
const defaultResources = { requests: { cpu: "100m", memory: "256Mi" } };

const managementGet = (path: string) => ({ httpGet: { path, port: ports.management.name } });

/** Liveness is patient: a restart ends every stream of the pod. */
const probes = {
  startupProbe: { ...managementGet("/livez"), periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 60 },
  livenessProbe: { ...managementGet("/livez"), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
  readinessProbe: { ...managementGet("/readyz"), periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 2 },
};

const natsEnvironment = ({ nats }: Instance) =>
  nats.kind === "external" && nats.credentialsSecret !== undefined
    ? [
        {
          name: "REVENPROX_NATS__USER",
          valueFrom: { secretKeyRef: { name: nats.credentialsSecret, key: "username" } },
        },
      ]
    : [];

const environment = (instance: Instance) => [
  { name: "REVENPROX_PROXY_ID", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
  ...extraEnvironment(instance),
  ...natsEnvironment(instance),
];

const containerPort = ({ name, number }: { readonly name: string; readonly number: number }) => ({
  name,
  containerPort: number,
  protocol: "TCP",
});

export const proxyContainer = (instance: Instance, volumeMounts: readonly unknown[]) => ({
  name: "proxy",
  image: instance.images.proxy,
  imagePullPolicy: "IfNotPresent",
  args: [proxyMounts.coldConfig, proxyMounts.liveConfig].flatMap((folder) => ["--config", `${folder}/${configFile}`]),
  env: environment(instance),
  ports: [containerPort(ports.http), containerPort(ports.management)],
  ...probes,
  lifecycle: { preStop: { sleep: { seconds: endpointLagSec } } },
  resources: instance.revenprox.spec.resources ?? defaultResources,
  securityContext: restrictedContainer,
  volumeMounts,
});
