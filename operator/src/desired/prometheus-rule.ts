import { type Alert, type AlertSettings, alerts, highConnectionsDefault } from "@revenprox/contract/alerts";
import type { DesiredObject } from "../reconcile/ports.ts";
import type { Instance } from "./instance.ts";
import { metadata } from "./metadata.ts";
import { monitoringLabels } from "./monitoring.ts";

const defaultAuthFailuresPerSecond = 100;
const defaultMemoryPercent = 85;

const alertSettings = ({ revenprox, config, namespace, names }: Instance): AlertSettings => {
  const { thresholds = {} } = revenprox.spec.monitoring ?? {};
  return {
    // The labels that a ServiceMonitor's targets get.
    selector: `namespace="${namespace}",service="${names.proxy}"`,
    highConnections: thresholds.highConnections ?? highConnectionsDefault(config.http.maxConnections),
    authFailuresPerSecond: thresholds.authFailuresPerSecond ?? defaultAuthFailuresPerSecond,
    memoryRatio: (thresholds.memoryPercent ?? defaultMemoryPercent) / 100,
    minReplicas: revenprox.spec.replicas,
  };
};

const rule = (alert: Alert, settings: AlertSettings, runbookBaseUrl: string) => {
  const expr = alert.expr(settings);
  if (expr === undefined) return [];
  return [
    {
      alert: alert.name,
      expr,
      for: alert.for,
      labels: { severity: alert.severity },
      annotations: {
        summary: alert.summary,
        description: alert.description,
        ...(runbookBaseUrl === "" ? {} : { runbook_url: `${runbookBaseUrl.replace(/\/+$/, "")}/${alert.name}` }),
      },
    },
  ];
};

/** The alerts of an instance; those that make no sense for it are left out. */
export const prometheusRule = (instance: Instance): DesiredObject => {
  const base = metadata(instance, instance.names.prometheusRule, "proxy");
  const settings = alertSettings(instance);
  const runbooks = instance.revenprox.spec.monitoring?.runbookBaseUrl ?? instance.settings.runbookBaseUrl;
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: { ...base, labels: monitoringLabels(instance, base.labels) },
    spec: { groups: [{ name: "revenprox", rules: alerts.flatMap((alert) => rule(alert, settings, runbooks)) }] },
  };
};
