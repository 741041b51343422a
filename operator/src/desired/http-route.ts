import type { DesiredObject } from "../reconcile/ports.ts";
import { publicPath } from "./ingress.ts";
import type { Instance } from "./instance.ts";
import { metadata } from "./metadata.ts";
import { servicePort } from "./service.ts";

/** No limit: a stream is one answer that never ends. */
const noTimeouts = { request: "0s", backendRequest: "0s" } as const;

/** The HTTPRoute that the spec asks for, where the cluster knows the kind. */
export const httpRoute = (instance: Instance): readonly DesiredObject[] => {
  const { route } = instance.revenprox.spec;
  if (route === undefined || !instance.facts.gateway.httpRoute) return [];
  const { parentRefs, hosts, annotations } = route;
  return [
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: {
        ...metadata(instance, instance.names.proxy, "proxy"),
        ...(annotations === undefined ? {} : { annotations }),
      },
      spec: {
        parentRefs: parentRefs.map(({ name, namespace, sectionName, port }) => ({
          name,
          ...(namespace === undefined ? {} : { namespace }),
          ...(sectionName === undefined ? {} : { sectionName }),
          ...(port === undefined ? {} : { port }),
        })),
        ...(hosts === undefined ? {} : { hostnames: hosts }),
        rules: [
          {
            matches: [{ path: { type: "PathPrefix", value: publicPath } }],
            backendRefs: [{ name: instance.names.proxy, port: servicePort(instance) }],
            timeouts: noTimeouts,
          },
        ],
      },
    },
  ];
};
