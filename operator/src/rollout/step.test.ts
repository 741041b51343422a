import { describe, expect, test } from "vitest";
import type { PodLoad } from "../fleet/pod-load.ts";
import { draining, isRolling, nextStep, type StepInput } from "./step.ts";
import { figures, podWith } from "./testing/pods.ts";

const now = 1_000_000;
const pods = (...streams: readonly number[]): readonly PodLoad[] =>
  streams.map((each, index) => podWith(`p${index}`, { streams: each }));
const leaving = (name: string, goneBy = now + 30_000): PodLoad =>
  podWith(name, { streams: 5 }, { goneBy, ready: false });

const step = (input: Partial<StepInput> & Pick<StepInput, "pods">) =>
  nextStep({ wanted: 3, current: 3, observed: true, podsAtOnce: 1, now, ...input });

describe("scale-down", () => {
  test.each<[string, Partial<StepInput> & Pick<StepInput, "pods">, number, readonly string[]]>([
    ["takes the pod with the fewest streams", { wanted: 1, pods: pods(30, 10, 20) }, 2, ["p1"]],
    ["takes as many as may drain at once", { wanted: 1, podsAtOnce: 2, pods: pods(30, 10, 20) }, 1, ["p1", "p2"]],
    ["never takes more than are too many", { wanted: 2, podsAtOnce: 5, pods: pods(30, 10, 20) }, 2, ["p1"]],
    ["takes all that have no streams at once", { wanted: 1, current: 4, pods: pods(0, 9, 0, 5) }, 2, ["p0", "p2"]],
    ["takes a silent pod for an empty one, but alone", { wanted: 1, pods: [podWith("s"), ...pods(0, 4)] }, 2, ["p0"]],
    ["waits while one drains", { wanted: 1, current: 2, pods: [...pods(5, 6), leaving("l")] }, 2, []],
    [
      "waits no more for one that should be gone",
      { wanted: 1, current: 2, pods: [...pods(5, 6), leaving("l", now - 15_001)] },
      1,
      ["p0"],
    ],
    ["waits until the step before is carried out", { wanted: 1, current: 2, pods: pods(5, 6, 7) }, 2, []],
    ["waits until the Deployment was looked at", { wanted: 1, observed: false, pods: pods(5, 6, 7) }, 3, []],
    ["to none waits for nothing", { wanted: 0, pods: [...pods(5, 6, 7), leaving("l")] }, 0, []],
    [
      "of pods that do not exist is done unseen",
      { wanted: 3, current: 7, observed: false, pods: pods(1, 2, 3) },
      3,
      [],
    ],
    ["of pods that do not exist is done at once", { wanted: 1, current: 5, pods: [] }, 1, []],
    ["of pods that do not exist yet leaves those that do", { wanted: 2, current: 9, pods: pods(1, 2) }, 2, []],
    ["is none where more are wanted", { wanted: 9, pods: [...pods(5, 6, 7), leaving("l")] }, 9, []],
  ])("%s", (_, input, replicas, victims) => {
    expect(step(input)).toMatchObject({ replicas, victims, paused: false });
  });

  test("a pod that is not ready goes first, whatever it holds: its controller sees to that", () => {
    const unready = podWith("full", { streams: 900 }, { ready: false });
    expect(step({ wanted: 2, pods: [unready, ...pods(1, 1)] }).victims).toEqual(["full"]);
  });

  test("waits where the others have no room, and says so", () => {
    const full = [podWith("a", { streams: 60, limit: 100 }), podWith("b", { streams: 50, limit: 100 })];
    expect(step({ wanted: 1, current: 2, pods: full })).toMatchObject({
      replicas: 2,
      victims: [],
      waitingFor: "b: 50 streams, and the other pods have room for 40",
    });
    expect(step({ wanted: 1, current: 2, pods: [full[0]!, podWith("b", { streams: 40, limit: 100 })] })).toEqual({
      replicas: 1,
      paused: false,
      victims: ["b"],
    });
  });
});

describe("replacing pods", () => {
  const [old, fresh] = [podWith("old", {}, { owner: "1" }), podWith("new", {}, { owner: "2" })];

  test("is held while one drains, and goes on after it", () => {
    expect(step({ pods: [old, fresh] }).paused).toBe(false);
    expect(step({ pods: [old, fresh, leaving("l")] }).paused).toBe(true);
    expect(step({ pods: [old, fresh, leaving("l", now - 15_001)] }).paused).toBe(false);
    expect(step({ pods: [fresh, leaving("l")] }).paused).toBe(false);
  });

  test("is held while pods go, too, and a surge pod counts for none of them", () => {
    const three = [old, podWith("old2", {}, { owner: "1" }), fresh];
    expect(step({ wanted: 1, current: 2, pods: three })).toMatchObject({ replicas: 1, paused: true });
    expect(step({ wanted: 1, current: 2, pods: [...three, podWith("new2", {}, { owner: "2" })] })).toMatchObject({
      replicas: 2,
      victims: [],
    });
  });
});

test("pods that go are of no revision, and drain until their time and a little more", () => {
  expect(isRolling([podWith("a", {}, { owner: "1" }), leaving("l")])).toBe(false);
  expect(draining([leaving("l", now - 14_999)], now)).toHaveLength(1);
  expect(draining([leaving("l", now - 15_000)], now)).toHaveLength(0);
  expect(figures.streams).toBe(0);
});
