import { selectorLabels } from "@revenprox/contract/labels";
import { ports } from "@revenprox/contract/ports";
import type { DesiredObject } from "../reconcile/ports.ts";
import type { Instance } from "./instance.ts";
import { metadata } from "./metadata.ts";
import { monitoringLabels } from "./monitoring.ts";

const defaultIntervalSec = 15;

/** Tells a Prometheus of the operator's to scrape the proxies; matches the instance too, so none is scraped twice. */
export const serviceMonitor = (instance: Instance): DesiredObject => {
  const base = metadata(instance, instance.names.serviceMonitor, "proxy");
  const { monitoring, config } = instance.revenprox.spec;
  const { intervalSec = defaultIntervalSec } = monitoring ?? {};
  // The management port is on no Service, but Prometheus finds it on the pods behind one.
  const port =
    config?.["metricsAccess"] === "private" ? { targetPort: ports.management.name } : { port: ports.http.name };
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "ServiceMonitor",
    metadata: { ...base, labels: monitoringLabels(instance, base.labels) },
    spec: {
      selector: { matchLabels: selectorLabels(instance.name, "proxy") },
      endpoints: [{ ...port, path: "/metrics", interval: `${intervalSec}s` }],
    },
  };
};
