import { describe, expect, test } from "vitest";
import { settledInput, withWorkload } from "../testing/live.ts";
import { crashed, none, proxyPod, startedAgo, testCases, waiting } from "../testing/status-case.contract.ts";
import { status } from "./index.ts";

testCases([
  {
    name: "image of the proxies not pullable",
    input: proxyPod(waiting("ImagePullBackOff")),
    says: {
      Ready: "False ImagePullFailed",
      Reconciling: "True Progressing",
      Stalled: "False NotStalled",
      Available: "False ImagePullFailed",
    },
    naming: ["web-abc-1", "example/main:1", "spec.imagePullSecrets"],
  },
  {
    name: "container that cannot be created",
    input: proxyPod(waiting("CreateContainerConfigError", 'secret "x" not found')),
    says: { Ready: "False ContainerNotCreated" },
    naming: ['secret "x" not found'],
  },
  {
    name: "crash, waiting for the next try",
    input: proxyPod({ ...waiting("CrashLoopBackOff"), lastState: { terminated: crashed } }),
    says: { Ready: "False PodCrashing", Reconciling: "True Progressing" },
    naming: ["code 3", "kubectl logs web-abc-1 --previous"],
  },
  {
    name: "out of memory",
    input: proxyPod({ ...startedAgo(1), lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } } }),
    says: { Ready: "False PodCrashing" },
    naming: ["memory limit. Raise spec.resources.limits.memory."],
  },
  {
    name: "no node for a pod",
    input: proxyPod(
      {},
      {
        containerStatuses: [],
        conditions: [
          { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes are available" },
        ],
      },
    ),
    says: { Ready: "False Unschedulable", Available: "False Unschedulable" },
    naming: ["0/3 nodes are available. What it asks of a node is in spec.resources and spec.pod."],
  },
  {
    name: "pod refused by its node",
    input: proxyPod({}, { phase: "Failed", reason: "SysctlForbidden", containerStatuses: [] }),
    says: { Ready: "False PodFailed" },
    naming: ["SysctlForbidden"],
  },
  {
    name: "pods refused by the API server",
    input: withWorkload(settledInput({}), "Deployment", {
      ...none,
      conditions: [{ type: "ReplicaFailure", status: "True", reason: "FailedCreate", message: "exceeded quota" }],
    }),
    says: { Ready: "False PodsRefused" },
    naming: ["exceeded quota"],
  },
  {
    name: "roll-out under way, somebody is served",
    input: withWorkload(settledInput({}), "Deployment", { updatedReplicas: 1 }),
    says: { Ready: "False Progressing", Reconciling: "True Progressing", Available: "True ProxiesReady" },
    naming: ["1 of 3 pods"],
  },
  {
    name: "change not seen by the controller",
    input: withWorkload(settledInput({}), "Deployment", { observedGeneration: 0 }),
    says: { Ready: "False Progressing" },
  },
  {
    name: "no proxy ready, no trouble known",
    input: withWorkload(settledInput({}), "Deployment", none),
    says: { Available: "False NoProxyReady", Ready: "False Progressing" },
  },
  {
    name: "scaled to zero",
    input: settledInput({ replicas: 0 }),
    says: { Available: "False ScaledToZero", Ready: "True Ready", Reconciling: "False UpToDate" },
  },
]);

describe("messages do not change while a fault lasts", () => {
  test.each([
    ["pull", proxyPod(waiting("ErrImagePull", "a")), proxyPod(waiting("ImagePullBackOff", "b"))],
    [
      "crash",
      proxyPod({ ...waiting("CrashLoopBackOff"), lastState: { terminated: crashed }, restartCount: 1 }),
      proxyPod({ ...startedAgo(2), lastState: { terminated: crashed }, restartCount: 2 }),
    ],
  ])("%s", (_, one, other) => expect(status(one)).toEqual(status(other)));
});
