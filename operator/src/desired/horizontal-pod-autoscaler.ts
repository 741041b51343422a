import type { RevenProxSpec } from "@revenprox/contract/resource/spec";
import type { DesiredObject } from "../reconcile/ports.ts";
import { modeOf } from "../scaling/plan.ts";
import type { Instance } from "./instance.ts";
import { metadata } from "./metadata.ts";
import { otherIsThere, scaleTarget, scalingBehavior, scalingLimits } from "./scaling-behavior.ts";

type Hpa = NonNullable<NonNullable<RevenProxSpec["autoscaling"]>["hpa"]>;

const defaultCpuUtilization = 70;

const cpu = (averageUtilization: number) => ({
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization } },
});

const given = ({ type, name, selector, averageValue }: NonNullable<Hpa["metric"]>) => {
  const source = {
    metric: {
      name,
      ...(selector?.matchLabels === undefined ? {} : { selector: { matchLabels: selector.matchLabels } }),
    },
    target: { type: "AverageValue", averageValue },
  };
  return type === "Pods" ? { type, pods: source } : { type, external: source };
};

/** The HorizontalPodAutoscaler of the mode HPA. */
export const horizontalPodAutoscaler = (instance: Instance): readonly DesiredObject[] => {
  const { spec } = instance.revenprox;
  const limits = scalingLimits(instance);
  if (limits === undefined || modeOf(spec) !== "HPA" || otherIsThere(instance, "HorizontalPodAutoscaler")) return [];
  const { metric, cpuUtilization = defaultCpuUtilization } = spec.autoscaling?.hpa ?? {};
  return [
    {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: metadata(instance, instance.names.proxy, "proxy"),
      spec: {
        scaleTargetRef: scaleTarget(instance),
        minReplicas: limits.min,
        maxReplicas: limits.max,
        metrics: [metric === undefined ? cpu(cpuUtilization) : given(metric)],
        behavior: scalingBehavior(limits),
      },
    },
  ];
};
