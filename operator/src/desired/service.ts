import { selectorLabels } from "@revenprox/contract/labels";
import { ports } from "@revenprox/contract/ports";
import type { DesiredObject } from "../reconcile/ports.ts";
import type { Instance } from "./instance.ts";
import { metadata } from "./metadata.ts";

/**
 * The Service that clients connect to: the data plane only.
 * The management plane stays off it, since this one may be a load balancer facing the world.
 */
export const service = (instance: Instance): DesiredObject => {
  const { type = "ClusterIP", annotations } = instance.revenprox.spec.service ?? {};
  const { name, number } = ports.http;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      ...metadata(instance, instance.names.proxy, "proxy"),
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: {
      type,
      selector: selectorLabels(instance.name, "proxy"),
      ports: [{ name, port: number, targetPort: name, protocol: "TCP" }],
    },
  };
};
