import { describe, expect, test } from "vitest";
import type { DesiredObject, KubernetesObject } from "../reconcile/ports.ts";
import { scaledByCpu, scaledByKeda, scaledByStreams } from "../testing/alternatives.ts";
import { allFacts, inputOf } from "../testing/resource.ts";
import { desired } from "./index.ts";

const autoscalers = ["HorizontalPodAutoscaler", "ScaledObject"];
const made = (
  spec: unknown,
  { current = [], facts = allFacts }: { current?: readonly KubernetesObject[]; facts?: typeof allFacts } = {},
): readonly DesiredObject[] =>
  desired({ ...inputOf(spec, facts), current }).filter(({ kind }) => autoscalers.includes(kind));

const live = (kind: string): KubernetesObject => ({ apiVersion: "x/v1", kind, metadata: { name: "web" } });
const target = { apiVersion: "revenprox.io/v1alpha1", kind: "RevenProx", name: "web" };

describe("never two autoscalers", () => {
  test.each([
    ["none", {}, []],
    ["none where the operator scales", scaledByStreams, []],
    ["an HPA", scaledByCpu, ["HorizontalPodAutoscaler"]],
    ["a ScaledObject", scaledByKeda, ["ScaledObject"]],
  ])("%s", (_, spec, kinds) => {
    expect(made(spec).map(({ kind }) => kind)).toEqual(kinds);
  });

  test.each([
    ["HPA", scaledByCpu, "ScaledObject"],
    ["KEDA", scaledByKeda, "HorizontalPodAutoscaler"],
  ])("%s waits until the other one is gone", (_, spec, other) => {
    expect(made(spec, { current: [live(other)] })).toEqual([]);
    const own = made(spec)[0]!;
    expect(made(spec, { current: [own] })).toEqual([own]);
  });

  test("KEDA waits for its CRD", () => {
    expect(made(scaledByKeda, { facts: { ...allFacts, keda: { scaledObject: false } } })).toEqual([]);
  });
});

test("an HPA scales the RevenProx, with the bounds and paces of the spec", () => {
  const behavior = {
    scaleUp: {
      stabilizationWindowSeconds: 0,
      selectPolicy: "Max",
      policies: [
        { type: "Pods", value: 4, periodSeconds: 15 },
        { type: "Percent", value: 100, periodSeconds: 15 },
      ],
    },
    scaleDown: {
      stabilizationWindowSeconds: 300,
      selectPolicy: "Max",
      policies: [{ type: "Pods", value: 1, periodSeconds: 60 }],
    },
  };
  expect(made(scaledByCpu)[0]?.["spec"]).toEqual({
    scaleTargetRef: target,
    minReplicas: 2,
    maxReplicas: 5,
    metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 55 } } }],
    behavior,
  });
});

/** `spec` of the one autoscaler. */
const madeSpec = (spec: unknown): Readonly<Record<string, unknown>> => {
  const [only] = made(spec);
  if (only === undefined) throw new Error("no autoscaler is made");
  return only["spec"] as Readonly<Record<string, unknown>>;
};

const stepDown = (spec: object): unknown => {
  const { behavior } = madeSpec({ ...scaledByCpu, ...spec }) as {
    behavior: { scaleDown: { policies: { periodSeconds: number }[] } };
  };
  return behavior.scaleDown.policies[0]?.periodSeconds;
};

test.each([
  ["a pod that drains for longer than a minute", { config: { http: { shutdownGracePeriodSec: 240 } } }, 240],
  ["a window of spec.rollout", { rollout: { drainWindowSeconds: 120 } }, 120],
  [
    "as long as the autoscaling API allows",
    { rollout: { drainWindowSeconds: 3_600 }, progressDeadlineSeconds: 7_200 },
    1_800,
  ],
])("one pod goes in the time in which it drains: %s", (_, spec, seconds) => {
  expect(stepDown(spec)).toBe(seconds);
});

test.each([
  [
    "CPU by default",
    {},
    { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } } },
  ],
  [
    "an external metric",
    { hpa: { metric: { type: "External", name: "queue", averageValue: "30" } } },
    { type: "External", external: { metric: { name: "queue" }, target: { type: "AverageValue", averageValue: "30" } } },
  ],
])("an HPA scales by %s", (_, more, metric) => {
  const spec = { autoscaling: { mode: "HPA", maxReplicas: 4, ...more } };
  expect(madeSpec(spec)["metrics"]).toEqual([metric]);
});

test("a ScaledObject has what the spec says, and no fallback that takes pods away", () => {
  const spec = madeSpec(scaledByKeda);
  expect(spec).toMatchObject({
    scaleTargetRef: target,
    minReplicaCount: 2,
    maxReplicaCount: 30,
    pollingInterval: 10,
    triggers: [
      {
        type: "prometheus",
        name: "streams",
        metadata: scaledByKeda.autoscaling.keda.triggers[0].metadata,
        metricType: "AverageValue",
        authenticationRef: { name: "prometheus-login", kind: "TriggerAuthentication" },
      },
    ],
  });
  expect(spec).not.toHaveProperty("fallback");
  expect(spec).not.toHaveProperty("idleReplicaCount");
});

test("alerts about peers follow minReplicas, replicas follow who decides", () => {
  const objects = desired({ ...inputOf({ autoscaling: { minReplicas: 1, maxReplicas: 9 } }), replicas: 7 });
  expect(objects.find(({ kind }) => kind === "Deployment")?.["spec"]).toMatchObject({ replicas: 7 });
  const rules = JSON.stringify(objects.find(({ kind }) => kind === "PrometheusRule"));
  expect(rules).not.toContain("RevenProxPeerDisconnected");
  const more = desired(inputOf({ autoscaling: { minReplicas: 2, maxReplicas: 9 } }));
  expect(JSON.stringify(more.find(({ kind }) => kind === "PrometheusRule"))).toContain("RevenProxPeerDisconnected");
});
