import type { RevenProxSpec } from "@revenprox/contract/resource/spec";
import type { DesiredObject } from "../reconcile/ports.ts";
import { modeOf } from "../scaling/plan.ts";
import type { Instance } from "./instance.ts";
import { metadata } from "./metadata.ts";
import { otherIsThere, scaleTarget, scalingBehavior, scalingLimits } from "./scaling-behavior.ts";

type Trigger = NonNullable<NonNullable<RevenProxSpec["autoscaling"]>["keda"]>["triggers"][number];

/** A TriggerAuthentication of the namespace only: making a RevenProx must not open what the cluster's ones hold. */
const trigger = ({ type, name, metadata: parameters, metricType, authentication }: Trigger) => ({
  type,
  ...(name === undefined ? {} : { name }),
  metadata: parameters,
  ...(metricType === undefined ? {} : { metricType }),
  ...(authentication === undefined
    ? {}
    : { authenticationRef: { name: authentication, kind: "TriggerAuthentication" } }),
});

/**
 * The ScaledObject of the mode KEDA, where the cluster knows the kind. It has no fallback: older releases of KEDA
 * know only one that may take pods away while a trigger fails; without it replicas then stay.
 */
export const scaledObject = (instance: Instance): readonly DesiredObject[] => {
  const { spec } = instance.revenprox;
  const limits = scalingLimits(instance);
  const keda = spec.autoscaling?.keda;
  if (limits === undefined || keda === undefined || modeOf(spec) !== "KEDA") return [];
  if (!instance.facts.keda.scaledObject || otherIsThere(instance, "ScaledObject")) return [];
  return [
    {
      apiVersion: "keda.sh/v1alpha1",
      kind: "ScaledObject",
      metadata: metadata(instance, instance.names.proxy, "proxy"),
      spec: {
        scaleTargetRef: scaleTarget(instance),
        minReplicaCount: limits.min,
        maxReplicaCount: limits.max,
        ...(keda.pollingIntervalSeconds === undefined ? {} : { pollingInterval: keda.pollingIntervalSeconds }),
        advanced: { horizontalPodAutoscalerConfig: { behavior: scalingBehavior(limits) } },
        triggers: keda.triggers.map(trigger),
      },
    },
  ];
};
