import { selectorLabels } from "@revenprox/contract/labels";
import { ports } from "@revenprox/contract/ports";
import type { DesiredObject } from "../reconcile/ports.ts";
import type { Instance } from "./instance.ts";
import { metadata } from "./metadata.ts";
import { monitoringLabels, scrapeIntervalSec } from "./monitoring.ts";

/** Prometheus' own default. A scrape may take no longer than the interval. */
const defaultTimeoutSec = 10;

/**
 * Tells a Prometheus of the operator's to scrape the proxies; matches the instance too, so none is scraped twice.
 * NATS is not scraped: nats-server serves no Prometheus metrics, and what matters of it the proxies tell.
 */
export const serviceMonitor = (instance: Instance): DesiredObject => {
  const base = metadata(instance, instance.names.serviceMonitor, "proxy");
  const { monitoring, config, tls } = instance.revenprox.spec;
  const interval = scrapeIntervalSec(instance);
  const timeout = monitoring?.scrapeTimeoutSec ?? Math.min(defaultTimeoutSec, interval);
  // The management port is on no Service, but Prometheus finds it on the pods behind one. A certificate for clients does
  // not vouch for pods by address.
  const port =
    config?.["metricsAccess"] === "private" || tls !== undefined
      ? { targetPort: ports.management.name }
      : { port: ports.http.name };
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "ServiceMonitor",
    metadata: { ...base, labels: monitoringLabels(instance, base.labels) },
    spec: {
      selector: { matchLabels: selectorLabels(instance.name, "proxy") },
      endpoints: [{ ...port, path: "/metrics", interval: `${interval}s`, scrapeTimeout: `${timeout}s` }],
    },
  };
};
