import { selectorLabels } from "@revenprox/contract/labels";
import { ports } from "@revenprox/contract/ports";
import type { RevenProxSpec } from "@revenprox/contract/resource/spec";
import type { DesiredObject } from "../reconcile/ports.ts";
import type { Instance } from "./instance.ts";
import { metadata } from "./metadata.ts";

/** Port of the Service; that of the pods is fixed. */
export const servicePort = ({ revenprox }: Instance): number => revenprox.spec.service?.port ?? ports.http.number;

/** Fields that go into the Service as they are. */
const options = (service: NonNullable<RevenProxSpec["service"]>): Readonly<Record<string, unknown>> => {
  const { loadBalancerClass, loadBalancerSourceRanges, externalTrafficPolicy } = service;
  return Object.fromEntries(
    Object.entries({ loadBalancerClass, loadBalancerSourceRanges, externalTrafficPolicy }).filter(
      ([, value]) => value !== undefined,
    ),
  );
};

/**
 * The Service that clients connect to: the data plane only.
 * The management plane stays off it, since this one may be a load balancer facing the world.
 */
export const service = (instance: Instance): DesiredObject => {
  const wanted = instance.revenprox.spec.service ?? { type: "ClusterIP" };
  const { type, annotations, nodePort } = wanted;
  const { name } = ports.http;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      ...metadata(instance, instance.names.proxy, "proxy"),
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: {
      type,
      ...options(wanted),
      selector: selectorLabels(instance.name, "proxy"),
      ports: [
        {
          name,
          port: servicePort(instance),
          targetPort: name,
          protocol: "TCP",
          ...(nodePort === undefined ? {} : { nodePort }),
        },
      ],
    },
  };
};
