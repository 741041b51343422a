import type { Desired, DesiredObject } from "../reconcile/ports.ts";
import { proxyConfigMaps } from "./config-map.ts";
import { dashboardsConfigMap } from "./dashboards.ts";
import { deployment } from "./deployment.ts";
import { holdTemplate } from "./held-template.ts";
import { horizontalPodAutoscaler } from "./horizontal-pod-autoscaler.ts";
import { httpRoute } from "./http-route.ts";
import { ingress } from "./ingress.ts";
import { type Instance, instanceOf } from "./instance.ts";
import { monitoringPlan } from "./monitoring.ts";
import { natsConfigMap, natsConfigText } from "./nats-config.ts";
import { natsHeadlessService, natsService } from "./nats-service.ts";
import { natsStatefulSet } from "./nats-stateful-set.ts";
import { networkPolicies } from "./network-policy.ts";
import { podDisruptionBudgets } from "./pod-disruption-budget.ts";
import { prometheusRule } from "./prometheus-rule.ts";
import { scaledObject } from "./scaled-object.ts";
import { service } from "./service.ts";
import { serviceAccount } from "./service-account.ts";
import { serviceMonitor } from "./service-monitor.ts";

const natsObjects = (instance: Instance): readonly DesiredObject[] => {
  const { nats } = instance;
  if (nats.kind === "external") return [];
  const configText = natsConfigText(instance, nats);
  return [
    natsConfigMap(instance, configText),
    natsHeadlessService(instance),
    natsService(instance),
    holdTemplate(instance, natsStatefulSet(instance, nats, configText), "nats"),
  ];
};

const proxyObjects = (instance: Instance): readonly DesiredObject[] => {
  const configMaps = proxyConfigMaps(instance);
  return [
    configMaps.cold,
    configMaps.live,
    service(instance),
    ...ingress(instance),
    ...httpRoute(instance),
    holdTemplate(instance, deployment(instance, configMaps.cold.metadata.name), "proxy"),
    ...horizontalPodAutoscaler(instance),
    ...scaledObject(instance),
  ];
};

const monitoringObjects = (instance: Instance): readonly DesiredObject[] => {
  const plan = monitoringPlan(instance.revenprox, instance.facts);
  if (plan.kind === "off") return [];
  const objects = [serviceMonitor(instance), prometheusRule(instance)].filter(
    ({ kind }) => !plan.missing.includes(kind),
  );
  return instance.revenprox.spec.monitoring?.dashboards?.enabled === false
    ? objects
    : [...objects, dashboardsConfigMap(instance)];
};

/**
 * Every object that is to exist for a RevenProx, what others need before those that need it.
 * The same input gives the same bytes; nothing depends on the operator's own version.
 */
export const desired: Desired = (input) => {
  const instance = instanceOf(input);
  return [
    serviceAccount(instance),
    ...networkPolicies(instance),
    ...podDisruptionBudgets(instance),
    ...natsObjects(instance),
    ...proxyObjects(instance),
    ...monitoringObjects(instance),
  ];
};
