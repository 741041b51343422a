import type { RuleContext } from "@revenprox/contract/alerts/alert";
import { overridesOf, type RuleSettings, ruleGroups } from "@revenprox/contract/alerts/rule-groups";
import { runbookUrl } from "@revenprox/contract/alerts/runbook-url";
import { type AlertThresholds, defaultThresholds } from "@revenprox/contract/alerts/thresholds";
import { defaultObjectives, type Objectives } from "@revenprox/contract/slo/objectives";
import type { DesiredObject } from "../reconcile/ports.ts";
import { minReplicasOf } from "../scaling/plan.ts";
import type { Instance } from "./instance.ts";
import { metadata } from "./metadata.ts";
import { monitoringLabels, scrapeIntervalSec } from "./monitoring.ts";

/** `base` with what the user set: a key that is there without a value counts as not set. */
const withSet = <T extends object>(base: T, set: { readonly [K in keyof T]?: T[K] | undefined }): T => ({
  ...base,
  ...Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined)),
});

const thresholdsOf = ({ revenprox, config }: Instance): AlertThresholds =>
  withSet(
    defaultThresholds({ maxConnections: config.http.maxConnections, minReplicas: minReplicasOf(revenprox.spec) }),
    revenprox.spec.monitoring?.thresholds ?? {},
  );

const contextOf = (instance: Instance, timeFactor: number): RuleContext => ({
  // The labels that a ServiceMonitor's targets get.
  namespace: instance.namespace,
  service: instance.names.proxy,
  thresholds: thresholdsOf(instance),
  minReplicas: minReplicasOf(instance.revenprox.spec),
  intervalSec: scrapeIntervalSec(instance),
  timeFactor,
});

const objectivesOf = ({ revenprox }: Instance): Objectives | undefined => {
  const { enabled = true, availability, latency, errors } = revenprox.spec.slo ?? {};
  if (!enabled) return undefined;
  return withSet(defaultObjectives, {
    availabilityPercent: availability?.targetPercent,
    latencyPercent: latency?.targetPercent,
    latencyThresholdMs: latency?.thresholdMs,
    errorsMaxPercent: errors?.maxPercent,
  });
};

const ruleSettings = (instance: Instance, timeFactor: number): RuleSettings => {
  const { monitoring } = instance.revenprox.spec;
  const base = monitoring?.runbookBaseUrl ?? instance.settings.runbookBaseUrl;
  return {
    context: contextOf(instance, timeFactor),
    objectives: objectivesOf(instance),
    overrides: overridesOf(monitoring?.alerts),
    runbookUrl: (alert) => runbookUrl(base, alert),
  };
};

/**
 * The alerts and recording rules of an instance; those that make no sense for it are left out.
 * `timeFactor` scales every window and `for`; only tests that cannot wait give one.
 */
export const prometheusRule = (instance: Instance, timeFactor = 1): DesiredObject => {
  const base = metadata(instance, instance.names.prometheusRule, "proxy");
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: { ...base, labels: monitoringLabels(instance, base.labels) },
    spec: { groups: ruleGroups(ruleSettings(instance, timeFactor)) },
  };
};
