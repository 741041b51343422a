import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { ClusterFacts } from "../reconcile/ports.ts";
import type { Instance } from "./instance.ts";

/** Which monitoring objects an instance is to have; `missing` are wanted kinds that the cluster does not know. */
export type MonitoringPlan =
  | { readonly kind: "off"; readonly by: "monitoring.enabled" | "config.metricsEnabled" }
  | { readonly kind: "on"; readonly missing: readonly string[] };

export const monitoringPlan = ({ spec }: RevenProx, facts: ClusterFacts): MonitoringPlan => {
  if (spec.monitoring?.enabled === false) return { kind: "off", by: "monitoring.enabled" };
  if (spec.config?.["metricsEnabled"] === false) return { kind: "off", by: "config.metricsEnabled" };
  const { serviceMonitor, prometheusRule } = facts.monitoring;
  return {
    kind: "on",
    missing: [...(serviceMonitor ? [] : ["ServiceMonitor"]), ...(prometheusRule ? [] : ["PrometheusRule"])],
  };
};

const defaultIntervalSec = 15;

/** Seconds between two scrapes of a proxy. */
export const scrapeIntervalSec = ({ revenprox }: Instance): number =>
  revenprox.spec.monitoring?.intervalSec ?? defaultIntervalSec;

/** The user's labels, by which a Prometheus selects; ours win, since we find our own objects by them. */
export const monitoringLabels = (
  { revenprox }: Instance,
  own: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> => ({ ...revenprox.spec.monitoring?.labels, ...own });
