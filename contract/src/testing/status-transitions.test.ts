import { describe, expect, test } from "vitest";
import { type KStatus, kstatus, type StatusCondition, type StatusObject } from "./kstatus.ts";
import { transitionFaults } from "./status-transitions.ts";

type Short = readonly [type: string, status: string, at?: number, observedGeneration?: number];

const conditions = (generation: number, short: readonly Short[]): readonly StatusCondition[] =>
  short.map(([type, status, at = 0, observedGeneration = generation]) => ({
    type,
    status,
    lastTransitionTime: new Date(at * 1_000).toISOString(),
    observedGeneration,
  }));
const rvp = (
  resourceVersion: number,
  short: readonly Short[],
  { generation = 1, observed = generation }: { readonly generation?: number; readonly observed?: number } = {},
): StatusObject => ({
  kind: "RevenProx",
  metadata: { name: "r", uid: "r", generation, resourceVersion: String(resourceVersion) },
  status: { observedGeneration: observed, conditions: conditions(observed, short) },
});
const deployment = (resourceVersion: number, ready: number): StatusObject => ({
  kind: "Deployment",
  metadata: {
    name: "d",
    uid: "d",
    generation: 1,
    resourceVersion: String(resourceVersion),
    ownerReferences: [{ uid: "r" }],
  },
  spec: { replicas: 3, progressDeadlineSeconds: 600 },
  status: {
    observedGeneration: 1,
    replicas: 3,
    updatedReplicas: 3,
    readyReplicas: ready,
    availableReplicas: ready,
    conditions: [
      { type: "Available", status: ready === 3 ? "True" : "False" },
      { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable" },
    ],
  },
});
const isReady: readonly Short[] = [
  ["Ready", "True"],
  ["Reconciling", "False"],
  ["Stalled", "False"],
];
const works: readonly Short[] = [
  ["Ready", "False"],
  ["Reconciling", "True"],
  ["Stalled", "False"],
];

describe("what kstatus makes of an object", () => {
  test.each<readonly [string, StatusObject, KStatus]>([
    ["ready", rvp(1, isReady), "Current"],
    ["at work", rvp(1, works), "InProgress"],
    [
      "stuck",
      rvp(1, [
        ["Ready", "False"],
        ["Stalled", "True"],
      ]),
      "Failed",
    ],
    ["of an older generation", rvp(1, isReady, { generation: 2, observed: 1 }), "InProgress"],
    [
      "not looked at",
      { kind: "RevenProx", metadata: { name: "r" }, status: { conditions: [{ type: "Ready", status: "Unknown" }] } },
      "InProgress",
    ],
    ["a Deployment with all pods", deployment(1, 3), "Current"],
    ["a Deployment without some", deployment(1, 2), "InProgress"],
    ["a Deployment with too many", { ...deployment(1, 3), spec: { replicas: 2 } }, "InProgress"],
    [
      "a StatefulSet that somebody rolls by hand",
      { kind: "StatefulSet", metadata: { name: "s" }, spec: { updateStrategy: { type: "OnDelete" } } },
      "Current",
    ],
    [
      "a StatefulSet without pods",
      { kind: "StatefulSet", metadata: { name: "s" }, spec: { replicas: 1 } },
      "InProgress",
    ],
    ["a ConfigMap", { kind: "ConfigMap", metadata: { name: "c" } }, "Current"],
    ["on its way out", { kind: "ConfigMap", metadata: { name: "c", deletionTimestamp: "now" } }, "Terminating"],
  ])("%s", (_, object, expected) => {
    expect(kstatus(object)).toBe(expected);
  });
});

describe("states that follow one another", () => {
  test.each<readonly [string, readonly StatusObject[], string | undefined]>([
    [
      "work, then ready",
      [
        rvp(1, works),
        deployment(2, 3),
        rvp(3, [
          ["Ready", "True", 5],
          ["Reconciling", "False", 5],
        ]),
      ],
      undefined,
    ],
    [
      "the child fell back while the status was on its way",
      [deployment(1, 3), rvp(2, works), deployment(3, 2), rvp(4, [["Ready", "True", 5]])],
      undefined,
    ],
    [
      "ready before the child",
      [rvp(1, works), deployment(2, 2), rvp(3, [["Ready", "True", 5]])],
      "Current before Deployment d is",
    ],
    [
      "ready by an old state of the child",
      [deployment(1, 3), deployment(2, 2), rvp(3, works), rvp(4, [["Ready", "True", 5]])],
      "Current before",
    ],
    [
      "stuck and at work",
      [
        rvp(1, [
          ["Reconciling", "True"],
          ["Stalled", "True"],
        ]),
      ],
      "at once",
    ],
    [
      "ready and at work",
      [
        rvp(1, [
          ["Ready", "True"],
          ["Reconciling", "True"],
        ]),
      ],
      "Ready, and",
    ],
    ["nothing of all", [rvp(1, [["Ready", "False"]])], "neither"],
    [
      "a condition of an older generation",
      [rvp(1, [["Ready", "True", 0, 1]], { generation: 2 })],
      "another generation",
    ],
    [
      "back to an older generation",
      [rvp(1, isReady, { generation: 2 }), rvp(2, isReady, { generation: 2, observed: 1 })],
      "goes back",
    ],
    [
      "a new time for the same status",
      [
        rvp(1, isReady),
        rvp(2, [
          ["Ready", "True", 9],
          ["Reconciling", "False"],
        ]),
      ],
      "changes its time",
    ],
    [
      "Reconciling begins anew with each step",
      [
        rvp(1, works),
        rvp(2, [
          ["Ready", "False"],
          ["Reconciling", "True", 9],
        ]),
      ],
      undefined,
    ],
    ["the default of the CRD", [rvp(1, [["Ready", "Unknown"]], { generation: 1, observed: -1 })], undefined],
  ])("%s", (_, states, fault) => {
    const faults = transitionFaults(states.toReversed());
    if (fault === undefined) expect(faults).toEqual([]);
    else expect(faults.join("\n")).toContain(fault);
  });
});
