import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import { describe, expect, test } from "vitest";
import type { KubernetesObject, StatusInput } from "../reconcile/ports.ts";
import { eventsOfScaling } from "../reconcile/transitions.ts";
import type { Scaling } from "../scaling/scaler.ts";
import { scaledByCpu, scaledByKeda, scaledByStreams } from "../testing/alternatives.ts";
import { secondsLater, settledInput, testTime } from "../testing/live.ts";
import { next, testCases } from "../testing/status-case.contract.ts";
import { status } from "./index.ts";

const figures: NonNullable<Scaling["byStreams"]> = {
  load: { streams: 24_000, ready: 3, unknown: 0, leaving: 0, unsettled: 0 },
  target: { perPod: 8_000, tolerance: 0.1 },
  reason: "WithinTolerance",
  limited: false,
  silentMs: 0,
};
const decided = (desired: number, more: Partial<typeof figures> = {}): Scaling => ({
  mode: "Connections",
  desired,
  byStreams: { ...figures, ...more },
});
const scaled = (spec: unknown, scaling: Scaling): StatusInput => ({ ...settledInput(spec), scaling });

/** The autoscaler with these conditions. */
const told = (spec: unknown, kind: string, conditions: readonly unknown[]): StatusInput => {
  const input = settledInput(spec);
  const objects = input.observed.objects.map(
    (object): KubernetesObject => (object.kind === kind ? { ...object, status: { conditions } } : object),
  );
  return { ...input, observed: { ...input.observed, objects } };
};
const silent = { load: { ...figures.load, unknown: 1 } };
const hpa = (...conditions: readonly unknown[]) => told(scaledByCpu, "HorizontalPodAutoscaler", conditions);

testCases([
  { name: "no autoscaling", input: settledInput({}), says: { AutoscalingReady: "True NotAsked" } },
  {
    name: "not looked at yet",
    input: settledInput(scaledByStreams),
    says: { AutoscalingReady: "Unknown NotDecidedYet" },
  },
  {
    name: "the operator scales",
    input: scaled(scaledByStreams, decided(3)),
    says: { AutoscalingReady: "True FollowsStreams", Ready: "True Ready" },
    naming: ["8000 streams"],
  },
  {
    name: "more is asked for than may be",
    input: scaled(scaledByStreams, decided(20, { limited: true })),
    says: { AutoscalingReady: "True AtMaximum" },
    naming: ["20 proxies", "maxReplicas"],
  },
  {
    name: "a proxy has not answered for some seconds",
    input: scaled(scaledByStreams, decided(3, { ...silent, silentMs: 59_000 })),
    says: { AutoscalingReady: "True FollowsStreams" },
  },
  {
    name: "a proxy has not answered for a minute",
    input: scaled(scaledByStreams, decided(3, { ...silent, silentMs: 60_000 })),
    says: { AutoscalingReady: "False FiguresMissing", Ready: "True Ready" },
    naming: ["port management"],
  },
  {
    name: "autoscaling is switched off by spec.replicas",
    input: scaled({ ...scaledByStreams, replicas: 0 }, { mode: "Connections", desired: 0 }),
    says: { AutoscalingReady: "False ScalingDisabled" },
  },
  {
    name: "an HPA nobody has taken",
    input: settledInput(scaledByCpu),
    says: { AutoscalingReady: "Unknown WaitingForController" },
  },
  {
    name: "an HPA without metrics",
    input: hpa(
      { type: "AbleToScale", status: "True", reason: "SucceededGetScale" },
      { type: "ScalingActive", status: "False", reason: "FailedGetResourceMetric", message: "no metrics known" },
    ),
    says: { AutoscalingReady: "False FailedGetResourceMetric" },
    naming: ["no metrics known"],
  },
  {
    name: "an HPA that works",
    input: hpa(
      { type: "AbleToScale", status: "True" },
      { type: "ScalingActive", status: "True" },
      { type: "ScalingLimited", status: "False" },
    ),
    says: { AutoscalingReady: "True FollowsAutoscaler" },
  },
  {
    name: "KEDA is missing",
    input: settledInput(scaledByKeda, { keda: { scaledObject: false } }),
    says: { AutoscalingReady: "False CRDMissing", Ready: "True Ready" },
    naming: ["Install KEDA"],
  },
  {
    name: "KEDA refuses the ScaledObject",
    input: told(scaledByKeda, "ScaledObject", [{ type: "Ready", status: "False", reason: "ScaledObjectCheckFailed" }]),
    says: { AutoscalingReady: "False ScaledObjectCheckFailed" },
  },
  {
    name: "KEDA scales",
    input: told(scaledByKeda, "ScaledObject", [
      { type: "Ready", status: "True" },
      { type: "Active", status: "False" },
    ]),
    says: { AutoscalingReady: "True FollowsAutoscaler" },
  },
  {
    name: "the ScaledObject before an HPA is being deleted",
    input: (() => {
      const before = settledInput(scaledByKeda).observed.objects.filter(({ kind }) => kind === "ScaledObject");
      const input = settledInput(scaledByCpu);
      const rest = input.observed.objects.filter(({ kind }) => kind !== "HorizontalPodAutoscaler");
      return { ...input, observed: { ...input.observed, objects: [...rest, ...before] } };
    })(),
    says: { AutoscalingReady: "Unknown OtherAutoscalerLeaving" },
  },
]);

describe("status.autoscaling", () => {
  const first = status({ ...scaled(scaledByStreams, decided(3)), workload: { connections: 24_000, topics: 1 } });
  const later = (scaling: Scaling, connections: number, former: RevenProxStatus = first) =>
    status({
      ...next(scaled(scaledByStreams, scaling), former, secondsLater(60)),
      workload: { connections, topics: 1 },
    });

  test("says who decides, what and by what", () => {
    expect(first.autoscaling).toEqual({ mode: "Connections", desired: 3, load: 24_000, targetPerPod: 8_000 });
  });

  test("a load that was counted while a pod was silent is put right, and then stays", () => {
    const astray = {
      ...first,
      autoscaling: { mode: "Connections", desired: 3, load: 16_000, targetPerPod: 8_000 },
    } as const;
    const stillSilent = decided(3, { load: { ...figures.load, streams: 16_500 } });
    expect(later(stillSilent, 24_000, astray).autoscaling?.load).toBe(16_000);
    expect(later(decided(3), 24_000, astray).autoscaling?.load).toBe(24_000);
  });

  test("is the same while the load stays about the same", () => {
    const drifted = decided(3, { load: { ...figures.load, streams: 24_500 } });
    expect(later(drifted, 24_500).autoscaling).toEqual(first.autoscaling);
    const risen = decided(3, { load: { ...figures.load, streams: 26_000 } });
    expect(later(risen, 26_000).autoscaling).toEqual({ ...first.autoscaling, load: 26_000 });
  });

  test("says when it scaled last and why, and an event says it, too", () => {
    const more = later(decided(4, { reason: "AboveTarget", load: { ...figures.load, streams: 28_000 } }), 24_000);
    expect(more.autoscaling).toEqual({
      mode: "Connections",
      desired: 4,
      load: 28_000,
      targetPerPod: 8_000,
      lastScaleTime: "2026-11-23T12:01:00Z",
      reason: "AboveTarget",
    });
    expect(eventsOfScaling(first, more)).toEqual([
      {
        type: "Normal",
        reason: "SuccessfulRescale",
        message: "3 proxies become 4: AboveTarget (28000 streams, 8000 for each proxy)",
      },
    ]);
    expect(later(decided(4), 24_000, more).autoscaling).toMatchObject({
      reason: "AboveTarget",
      lastScaleTime: more.autoscaling?.lastScaleTime,
    });
    expect(eventsOfScaling(more, more)).toEqual([]);
  });

  test("of an HPA says what it set", () => {
    const input = scaled(scaledByCpu, { mode: "HPA", desired: 3 });
    const before = status(input);
    expect(before.autoscaling).toEqual({ mode: "HPA", desired: 3 });
    const after = status(next({ ...input, scaling: { mode: "HPA", desired: 5 } }, before, new Date(testTime)));
    expect(after.autoscaling).toEqual({ mode: "HPA", desired: 5, lastScaleTime: testTime, reason: "SetByHPA" });
  });

  test("goes with spec.autoscaling", () => {
    expect(status(settledInput({}))).not.toHaveProperty("autoscaling");
  });
});
