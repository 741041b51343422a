import type { DesiredObject } from "../reconcile/ports.ts";
import type { Instance } from "./instance.ts";
import { metadata } from "./metadata.ts";

/** What clients may ask for through an Ingress or a route: never metrics or health. */
export const publicPath = "/events";

/** Seconds a stream may be silent: an hour, or two keepalives where those come less often. */
const silenceSec = ({ config }: Instance): number => Math.max(3_600, 2 * config.http.keepaliveIntervalSec);

/** A controller reads its own annotations and passes over the others. */
const streaming = (instance: Instance): Readonly<Record<string, string>> => {
  const seconds = silenceSec(instance);
  return {
    "nginx.ingress.kubernetes.io/proxy-buffering": "off",
    "nginx.ingress.kubernetes.io/proxy-read-timeout": `${seconds}`,
    "nginx.ingress.kubernetes.io/proxy-send-timeout": `${seconds}`,
    // Its 1 MiB is less than a batch of events may have; the proxy has limits of its own.
    "nginx.ingress.kubernetes.io/proxy-body-size": "0",
    "haproxy.org/timeout-server": `${seconds}s`,
    "haproxy-ingress.github.io/timeout-server": `${seconds}s`,
    // Of the whole answer, which of a stream never ends.
    "projectcontour.io/response-timeout": "infinity",
    ...(instance.revenprox.spec.tls === undefined
      ? {}
      : {
          "nginx.ingress.kubernetes.io/backend-protocol": "HTTPS",
          "haproxy.org/server-ssl": "true",
          "haproxy-ingress.github.io/secure-backends": "true",
        }),
  };
};

/** The Ingress that the spec asks for. */
export const ingress = (instance: Instance): readonly DesiredObject[] => {
  const { spec } = instance.revenprox;
  if (spec.ingress === undefined) return [];
  const { className, hosts = [], tlsSecret, annotations } = spec.ingress;
  const backend = { service: { name: instance.names.proxy, port: { name: "http" } } };
  const http = { paths: [{ path: publicPath, pathType: "Prefix", backend }] };
  return [
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: {
        ...metadata(instance, instance.names.proxy, "proxy"),
        annotations: { ...streaming(instance), ...annotations },
      },
      spec: {
        ...(className === undefined ? {} : { ingressClassName: className }),
        ...(tlsSecret === undefined
          ? {}
          : { tls: [{ ...(hosts.length === 0 ? {} : { hosts }), secretName: tlsSecret }] }),
        rules: hosts.length === 0 ? [{ http }] : hosts.map((host) => ({ host, http })),
      },
    },
  ];
};
