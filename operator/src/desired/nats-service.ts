import { selectorLabels } from "@revenprox/contract/labels";
import { ports } from "@revenprox/contract/ports";
import type { DesiredObject } from "../reconcile/ports.ts";
import type { Instance } from "./instance.ts";
import { metadata } from "./metadata.ts";

const portOf = ({ name, number }: { readonly name: string; readonly number: number }) => ({
  name,
  port: number,
  targetPort: name,
  protocol: "TCP",
});

/** NATS for its clients: proxies and publishers. */
export const natsService = (instance: Instance): DesiredObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: metadata(instance, instance.names.nats, "nats"),
  spec: {
    type: "ClusterIP",
    selector: selectorLabels(instance.name, "nats"),
    ports: [portOf(ports.natsClient)],
  },
});

/** Stable names of the NATS servers. They find each other before they are ready, hence not-ready addresses too. */
export const natsHeadlessService = (instance: Instance): DesiredObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: metadata(instance, instance.names.natsHeadless, "nats"),
  spec: {
    type: "ClusterIP",
    clusterIP: "None",
    publishNotReadyAddresses: true,
    selector: selectorLabels(instance.name, "nats"),
    ports: [portOf(ports.natsClient), portOf(ports.natsCluster), portOf(ports.natsMonitor)],
  },
});
