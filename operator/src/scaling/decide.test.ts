import { describe, expect, test } from "vitest";
import type { PodLoad } from "../fleet/pod-load.ts";
import { decide, type ScalingDecision } from "./decide.ts";
import type { History } from "./history.ts";
import type { Limits } from "./plan.ts";
import { holding, leaving, silent, starting } from "./testing/pods.ts";
import { loadOf } from "./wish.ts";

const at = 1_000_000;
const second = 1_000;
const limits: Limits = {
  min: 2,
  max: 10,
  up: { windowMs: 0, maxPods: undefined, periodMs: 15 * second },
  down: { windowMs: 300 * second, maxPods: 1, periodMs: 60 * second },
};
const target = { perPod: 1_000, tolerance: 0.1 };

/** Long enough watched for everything; at every look the load asked for `pods` pods. */
const watched = (pods: number, more: Partial<History> = {}): History => ({
  since: at - 3_600 * second,
  seen: Array.from({ length: 25 }, (_, index) => ({
    at: at - (25 - index) * 15 * second,
    need: pods,
    aim: pods,
    enough: pods,
  })),
  steps: [],
  ...more,
});

const decided = (
  current: number,
  pods: readonly PodLoad[],
  { history = watched(current), limits: bounds = limits }: { history?: History; limits?: Limits } = {},
): ScalingDecision => decide({ now: at, current, load: loadOf(pods), limits: bounds, target, history });

const said = ({ replicas, reason }: ScalingDecision) => `${replicas} ${reason}`;

describe("more streams", () => {
  test.each<[string, readonly number[], string]>([
    ["at the target", [1_000, 1_000], "2 WithinTolerance"],
    ["just at the tolerance", [1_100, 1_100], "2 WithinTolerance"],
    ["a stream above it", [1_100, 1_101], "3 AboveTarget"],
    ["unevenly spread", [2_150, 50], "2 WithinTolerance"],
    ["far above: four more at once", [9_000, 0], "6 AboveTarget"],
    ["that maxReplicas cannot hold", [50_000, 0, 0, 0, 0, 0, 0, 0], "10 AboveTarget"],
  ])("%s", (_, streams, wanted) => {
    expect(said(decided(streams.length, holding(...streams)))).toBe(wanted);
  });

  test("with many pods as many again at once", () => {
    const history = watched(6);
    expect(said(decided(6, holding(30_000, 0, 0, 0, 0, 0), { history, limits: { ...limits, max: 100 } }))).toBe(
      "12 AboveTarget",
    );
  });

  test("at maxReplicas it is said that more were needed, until the window of scaleDown is over", () => {
    expect(decided(10, holding(20_000, ...Array(9).fill(0))).limited).toBe(true);
    expect(decided(10, holding(10_000, ...Array(9).fill(0)), { history: watched(12) }).limited).toBe(true);
    expect(decided(10, holding(10_000, ...Array(9).fill(0))).limited).toBe(false);
  });

  test("streams of a pod that drains count, the pod does not", () => {
    expect(said(decided(2, [...holding(1_000, 1_000), ...leaving(1_000)]))).toBe("3 AboveTarget");
  });

  test("pods that start are not asked for twice", () => {
    const history = watched(5);
    expect(said(decided(5, [...holding(2_500, 2_500), ...starting(3)], { history }))).toBe("5 WithinTolerance");
  });

  test("pods that do not answer count as at the target", () => {
    expect(said(decided(3, [...holding(1_000, 1_000), ...silent(1)]))).toBe("3 WithinTolerance");
    expect(said(decided(3, [...holding(2_000, 1_000), ...silent(1)]))).toBe("4 AboveTarget");
    expect(said(decided(3, silent(3)))).toBe("3 WithinTolerance");
  });

  test("a window of scaleUp must be full of them, also after a restart of the operator", () => {
    const slow = { ...limits, up: { ...limits.up, windowMs: 60 * second } };
    const pods = holding(4_000, 0);
    expect(said(decided(2, pods, { limits: slow }))).toBe("2 Stabilizing");
    expect(said(decided(2, pods, { limits: slow, history: watched(4) }))).toBe("4 AboveTarget");
    const young = { ...watched(4), since: at - 30 * second };
    expect(said(decided(2, pods, { limits: slow, history: young }))).toBe("2 Stabilizing");
  });

  test("the lowest wish of the window counts", () => {
    const slow = { ...limits, up: { ...limits.up, windowMs: 60 * second } };
    expect(said(decided(2, holding(6_000, 0), { limits: slow, history: watched(3) }))).toBe("3 AboveTarget");
  });

  test("steps of the period are not taken twice", () => {
    const stepped = watched(2, { steps: [{ at: at - 10 * second, by: 4 }] });
    expect(said(decided(6, holding(20_000, 0, 0, 0, 0, 0), { history: stepped }))).toBe("6 StepLimited");
    const earlier = watched(2, { steps: [{ at: at - 15 * second, by: 4 }] });
    expect(said(decided(6, holding(20_000, 0, 0, 0, 0, 0), { history: earlier }))).toBe("10 AboveTarget");
  });
});

describe("fewer streams", () => {
  const idle = watched(2);
  test("one pod after the other goes", () => {
    expect(said(decided(6, holding(0, 0, 0, 0, 0, 0), { history: idle }))).toBe("5 BelowTarget");
    const stepped = watched(2, { steps: [{ at: at - 59 * second, by: -1 }] });
    expect(said(decided(5, holding(0, 0, 0, 0, 0), { history: stepped }))).toBe("5 StepLimited");
  });

  test("only when the others stay below the target by the tolerance", () => {
    expect(said(decided(3, holding(900, 900, 1), { history: idle }))).toBe("3 WithinTolerance");
    expect(said(decided(3, holding(900, 900, 0), { history: idle }))).toBe("2 BelowTarget");
  });

  test("never below minReplicas", () => {
    expect(said(decided(2, holding(0, 0), { history: watched(0) }))).toBe("2 WithinTolerance");
  });

  test.each<[string, History]>([
    ["not before the whole window asked for it", watched(6)],
    ["not when it was watched for less than the window", { ...idle, since: at - 299 * second }],
    [
      "not by what was seen before a break",
      { since: 0, seen: [{ at: at - 61 * second, need: 0, aim: 0, enough: 0 }], steps: [] },
    ],
  ])("%s", (_, history) => {
    expect(said(decided(6, holding(0, 0, 0, 0, 0, 0), { history }))).toBe("6 Stabilizing");
  });

  test("not without a history", () => {
    expect(
      said(
        decide({ now: at, current: 6, load: loadOf(holding(0, 0, 0, 0, 0, 0)), limits, target, history: undefined }),
      ),
    ).toBe("6 Stabilizing");
  });

  test.each<[string, readonly PodLoad[], string]>([
    ["a pod does not answer", [...holding(0, 0, 0, 0, 0), ...silent(1)], "6 FiguresMissing"],
    ["no pod is ready", [], "6 FiguresMissing"],
    ["a pod that is not ready may hold streams", [...holding(0, 0, 0, 0, 0), ...starting(1)], "6 PodsUnsettled"],
    ["a pod drains still", [...holding(0, 0, 0, 0, 0, 0), ...leaving(0)], "6 PodsUnsettled"],
    ["too few are ready to take the streams", holding(900), "6 PodsUnsettled"],
  ])("not while %s", (_, pods, wanted) => {
    expect(said(decided(6, pods, { history: idle }))).toBe(wanted);
  });
});

test.each([
  ["more than maxReplicas", 12, "10 OutOfBounds"],
  ["fewer than minReplicas", 1, "2 OutOfBounds"],
])("%s are put right at once", (_, current, wanted) => {
  expect(said(decided(current, holding(...Array(current).fill(1_000)), { history: watched(2) }))).toBe(wanted);
});
