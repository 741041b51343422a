import type { KubernetesObject } from "../reconcile/ports.ts";
import type { Scaling } from "../scaling/scaler.ts";
import type { Situation } from "./situation.ts";
import { isFalse, isTrue, isUnknown, type Verdict } from "./verdict.ts";

interface AutoscalerCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** A pod that keeps silent for less is asked again first. */
const silentTooLongMs = 60_000;

/** Conditions of an autoscaler without which it does not scale. */
const needed: Readonly<Record<string, readonly string[]>> = {
  HorizontalPodAutoscaler: ["AbleToScale", "ScalingActive"],
  ScaledObject: ["Ready"],
};

const liveOf = ({ input }: Situation, kind: string): KubernetesObject | undefined =>
  input.observed.objects.find((object) => object.kind === kind);

const conditionsOf = (object: KubernetesObject | undefined): readonly AutoscalerCondition[] =>
  ((object?.["status"] ?? {}) as { conditions?: readonly AutoscalerCondition[] }).conditions ?? [];

/** What the autoscaler of another program says of itself. */
const byOther = (situation: Situation, kind: "HorizontalPodAutoscaler" | "ScaledObject"): Verdict => {
  const other = kind === "ScaledObject" ? "HorizontalPodAutoscaler" : "ScaledObject";
  const live = liveOf(situation, kind);
  if (live === undefined && liveOf(situation, other) !== undefined)
    return isUnknown("OtherAutoscalerLeaving", `The ${kind} is made as soon as the ${other} before it is gone.`);
  const conditions = conditionsOf(live);
  if (conditions.length === 0)
    return isUnknown("WaitingForController", `No controller has taken the ${kind} yet: does one run in this cluster?`);
  const bad = conditions.find(({ type, status }) => (needed[kind] ?? []).includes(type) && status === "False");
  if (bad !== undefined) return isFalse(bad.reason ?? bad.type, `${kind}: ${bad.message ?? "no reason given"}`);
  return isTrue(`FollowsAutoscaler`, `The ${kind} writes spec.replicas.`);
};

const byStreams = (maxReplicas: number, by: NonNullable<Scaling["byStreams"]>): Verdict => {
  const { load, limited, silentMs, target } = by;
  if (load.unknown > 0 && silentMs >= silentTooLongMs)
    return isFalse(
      "FiguresMissing",
      "A ready proxy has not told its streams for a minute: it counts as one at the target, and no pod is taken away. Do the operator's pods reach port management of the proxies?",
    );
  if (limited)
    return isTrue("AtMaximum", `The streams ask for more than ${maxReplicas} proxies. Raise autoscaling.maxReplicas.`);
  return isTrue("FollowsStreams", `Proxies are added and removed for ${target.perPod} streams each.`);
};

/** Whether something scales the proxies, where the spec asks for that. */
export const autoscalingReady = (situation: Situation): Verdict => {
  const { revenprox, scaling, facts } = situation.input;
  const { autoscaling, replicas } = revenprox.spec;
  if (autoscaling === undefined) return isTrue("NotAsked", "The spec asks for no autoscaling.");
  if (replicas === 0)
    return isFalse(
      "ScalingDisabled",
      "spec.replicas is 0, which switches autoscaling off. Raise it with kubectl scale.",
    );
  switch (autoscaling.mode ?? "Connections") {
    case "HPA":
      return byOther(situation, "HorizontalPodAutoscaler");
    case "KEDA":
      if (facts.keda.scaledObject) return byOther(situation, "ScaledObject");
      return isFalse(
        "CRDMissing",
        "The cluster does not know ScaledObject. Install KEDA; it is used as soon as it is there, and until then spec.replicas counts.",
      );
    case "Connections":
      return scaling?.byStreams === undefined
        ? isUnknown("NotDecidedYet", "The load has not been looked at yet.")
        : byStreams(autoscaling.maxReplicas, scaling.byStreams);
  }
};
