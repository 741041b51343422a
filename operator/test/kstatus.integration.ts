import { kstatus } from "@revenprox/contract/testing/kstatus";
import { transitionFaults } from "@revenprox/contract/testing/status-transitions";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deploymentKind, pathOf, type ResourceKind, statefulSetKind } from "../src/kube/kinds.ts";
import { eventually, revenprox, statusOf } from "./support/cluster.ts";
import { clusterOfFile, operatorOfFile } from "./support/stage.ts";
import { recordStatuses, type StatusRecorder } from "./support/status-recorder.ts";

let recorder: StatusRecorder;

const cluster = clusterOfFile();
beforeAll(async () => {
  recorder = await recordStatuses(cluster);
});
afterAll(() => recorder?.stop());
operatorOfFile(cluster);

/** Seconds; the machine may have other work. */
const patience = 90;

const becomes = (name: string, [type, wanted]: readonly [string, string]) =>
  eventually(
    `${name} has ${type}=${wanted}`,
    async () =>
      (await statusOf(cluster, name)).conditions?.some((each) => each.type === type && each.status === wanted),
    patience,
  );

/** Plays the controller of a workload: this many of its pods are ready, and it is done or not. */
const play = async (kind: ResourceKind, name: string, ready: number): Promise<void> => {
  const path = pathOf(kind, "default", name);
  const { metadata, spec } = await eventually(`${name} exists`, () => cluster.get(path), patience);
  const { replicas = 1 } = spec as { readonly replicas?: number };
  const done = ready === replicas;
  const status = {
    observedGeneration: metadata.generation,
    replicas,
    updatedReplicas: replicas,
    currentReplicas: replicas,
    readyReplicas: ready,
    availableReplicas: ready,
    ...(kind === deploymentKind
      ? {
          conditions: [
            { type: "Available", status: done ? "True" : "False" },
            { type: "Progressing", status: "True", reason: done ? "NewReplicaSetAvailable" : "ReplicaSetUpdated" },
          ],
        }
      : {}),
  };
  await cluster.client.request({
    method: "PATCH",
    path: `${path}/status`,
    contentType: "application/merge-patch+json",
    body: { status },
  });
};

const generationSeen = (name: string, generation: number) =>
  eventually(
    `generation ${generation} of ${name} is passed over`,
    async () => (await statusOf(cluster, name)).observedGeneration === generation,
    patience,
  );

/** Pods come one by one, those of NATS last. */
const settle = async (name: string, replicas: number): Promise<void> => {
  for (let ready = 0; ready <= replicas; ready += 1) await play(deploymentKind, name, ready);
  await play(statefulSetKind, `${name}-nats`, 0);
  await play(statefulSetKind, `${name}-nats`, 1);
  // Once proxies were available the operator changes their Deployment once more, which its controller has to see.
  await eventually(
    `${name} is ready`,
    async () => {
      await play(deploymentKind, name, replicas);
      const { conditions = [] } = await statusOf(cluster, name);
      return conditions.some(({ type, status }) => type === "Ready" && status === "True");
    },
    patience,
  );
};

test("every status from the creation over edits, refusals and losses is the truth by kstatus", async () => {
  const broken = { replicas: 2, pod: { tolerations: [{ operator: "Exists", value: "x" }] } };
  const lives = ["one", "two", "three"].map(async (name, index) => {
    await cluster.kubectlApply(revenprox(name, { replicas: 2 }));
    await settle(name, 2);
    await cluster.kubectlApply(revenprox(name, { replicas: 2 + index }));
    await generationSeen(name, index === 0 ? 1 : 2);
    await settle(name, 2 + index);
    await play(deploymentKind, name, 1);
    await becomes(name, ["Ready", "False"]);
    await settle(name, 2 + index);
    await cluster.kubectlApply(revenprox(name, broken));
    await becomes(name, ["Stalled", "True"]);
    await cluster.kubectlApply(revenprox(name, { replicas: 1 }));
    await becomes(name, ["Stalled", "False"]);
    await settle(name, 1);
  });
  await Promise.all(lives);
  const states = recorder.seen.filter(({ kind }) => kind === "RevenProx").map(kstatus);
  // It has seen all there is to see.
  expect(new Set(states)).toEqual(new Set(["InProgress", "Current", "Failed"]));
  expect(recorder.seen.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["Deployment", "StatefulSet"]));
  expect(transitionFaults(recorder.seen)).toEqual([]);
});
