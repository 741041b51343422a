import { revenproxApi } from "@revenprox/contract/resource/group";
import { paceOf } from "../rollout/pace.ts";
import { type Limits, limitsOf, type Pace } from "../scaling/plan.ts";
import type { Instance } from "./instance.ts";

interface ScalingPolicy {
  readonly type: "Pods" | "Percent";
  readonly value: number;
  readonly periodSeconds: number;
}

interface ScalingRules {
  readonly stabilizationWindowSeconds: number;
  readonly selectPolicy: "Max";
  readonly policies: readonly ScalingPolicy[];
}

const rules = ({ windowMs, maxPods, periodMs }: Pace): ScalingRules => {
  const periodSeconds = periodMs / 1_000;
  const atMost = (type: ScalingPolicy["type"], value: number): ScalingPolicy => ({ type, value, periodSeconds });
  return {
    stabilizationWindowSeconds: windowMs / 1_000,
    selectPolicy: "Max",
    policies: maxPods === undefined ? [atMost("Pods", 4), atMost("Percent", 100)] : [atMost("Pods", maxPods)],
  };
};

/** The paces of the spec in the words of an HPA, so that all three modes mean the same by them. */
export const scalingBehavior = ({ up, down }: Limits) => ({ scaleUp: rules(up), scaleDown: rules(down) });

/** Bounds and paces of an instance that has `spec.autoscaling`. */
export const scalingLimits = ({ revenprox, config }: Instance): Limits | undefined =>
  revenprox.spec.autoscaling === undefined
    ? undefined
    : limitsOf(revenprox.spec.autoscaling, paceOf(revenprox.spec, config.http).windowSec);

/** The kinds of autoscalers; of an instance there is never more than one. */
type AutoscalerKind = "HorizontalPodAutoscaler" | "ScaledObject";

/** Whether the other autoscaler is still there: KEDA lets its own go only when it has cleaned up. */
export const otherIsThere = ({ autoscalers }: Instance, kind: AutoscalerKind): boolean =>
  autoscalers.some((each) => each !== kind);

/** Never the Deployment: the operator alone writes its replicas. */
export const scaleTarget = ({ name }: Instance) => ({
  apiVersion: revenproxApi.apiVersion,
  kind: revenproxApi.kind,
  name,
});
