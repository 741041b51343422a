import type { RuleGroup } from "@revenprox/contract/alerts/rule";
import { overridesOf, type RuleSettings, ruleGroups } from "@revenprox/contract/alerts/rule-groups";
import { runbookUrl } from "@revenprox/contract/alerts/runbook-url";
import type { AlertThresholds } from "@revenprox/contract/alerts/thresholds";
import { names } from "@revenprox/contract/names";
import { defaultObjectives } from "@revenprox/contract/slo/objectives";
import type { Instance } from "../../environment/instance.ts";
import { hurried } from "./selections.ts";

/** The rules that the operator renders for `instance`, with every window and `for` multiplied by `timeFactor`. */
export interface RuleInput {
  readonly instance: Instance;
  readonly thresholds: AlertThresholds;
  readonly replicas: number;
  readonly intervalSec: number;
  readonly runbookBase: string;
}

/** As the operator renders them, but by `timeFactor`. */
export const groupsOf = (input: RuleInput, timeFactor: number): readonly RuleGroup[] => {
  const { instance, thresholds, replicas, intervalSec, runbookBase } = input;
  const settings: RuleSettings = {
    context: {
      namespace: instance.namespace,
      service: names(instance.name).proxy,
      thresholds,
      minReplicas: replicas,
      intervalSec,
      timeFactor,
    },
    objectives: defaultObjectives,
    overrides: overridesOf(),
    runbookUrl: (alert) => runbookUrl(runbookBase, alert),
  };
  return ruleGroups(settings);
};

interface Monitor {
  readonly spec: { readonly endpoints: readonly Readonly<Record<string, unknown>>[] };
}

const monitoringApi = "monitoring.coreos.com/v1";

/** Puts `groups` beside the operator's own, for the hurried Prometheus alone. */
export const applyHurriedRules = async (instance: Instance, groups: readonly RuleGroup[]): Promise<void> => {
  const metadata = { name: `${instance.name}-hurried`, labels: hurried.labels };
  const rule = { apiVersion: monitoringApi, kind: "PrometheusRule", metadata, spec: { groups } };
  await instance.kubectl(["apply", "--filename", "-"], JSON.stringify(rule));
};

/** The operator's ServiceMonitor once more, for the hurried Prometheus alone, each `interval`. */
export const applyHurriedMonitor = async (instance: Instance, interval: string): Promise<void> => {
  const { spec } = await instance.get<Monitor>("servicemonitor");
  const endpoints = spec.endpoints.map((endpoint) => ({ ...endpoint, interval, scrapeTimeout: interval }));
  const monitor = {
    apiVersion: monitoringApi,
    kind: "ServiceMonitor",
    metadata: { name: `${instance.name}-hurried`, labels: hurried.labels },
    spec: { ...spec, endpoints },
  };
  await instance.kubectl(["apply", "--filename", "-"], JSON.stringify(monitor));
};
