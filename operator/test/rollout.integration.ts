import { expect, test } from "vitest";
import { deploymentKind, pathOf, podKind } from "../src/kube/kinds.ts";
import { deletionCostAnnotation } from "../src/kube/pod-deletion-cost.ts";
import { eventually, isChildWrite, revenprox, revenproxPath, statusOf } from "./support/cluster.ts";
import { endPod, makePods, observeDeployment } from "./support/pods.ts";
import { clusterOfFile, operatorOfFile } from "./support/stage.ts";

const cluster = clusterOfFile();
const operator = operatorOfFile(cluster);

interface DeploymentSpec {
  readonly replicas: number;
  readonly paused?: boolean;
}

const specOf = async (name: string): Promise<DeploymentSpec> =>
  (await cluster.get(pathOf(deploymentKind, "default", name)))?.["spec"] as DeploymentSpec;

const untilSpec = (name: string, what: string, isRight: (spec: DeploymentSpec) => boolean) =>
  eventually(`${name}: ${what}`, async () => isRight(await specOf(name)), 60);

const costOf = async (pod: string): Promise<string | undefined> =>
  (await cluster.get(pathOf(podKind, "default", pod)))?.metadata.annotations?.[deletionCostAnnotation];

/** Marked as the ones to go, of those that are there. */
const marked = async (pods: readonly string[]): Promise<readonly string[]> => {
  const costs = await Promise.all(pods.map(costOf));
  return pods.filter((_, index) => costs[index] !== undefined);
};

const scale = (name: string, replicas: number) =>
  cluster.client.request({
    method: "PATCH",
    path: revenproxPath(name),
    contentType: "application/merge-patch+json",
    body: { spec: { replicas } },
  });

const rolloutOf = async (name: string) => (await statusOf(cluster, name)).rollout;

test("fewer replicas are taken one by one, each marked before, and each after the one before is gone", async () => {
  const pods = ["down-a", "down-b", "down-c"];
  await cluster.kubectlApply(revenprox("down"));
  await makePods(cluster, "down", { revision: 1, pods });
  await observeDeployment(cluster, "down");
  await scale("down", 1);

  await untilSpec("down", "two are left", ({ replicas }) => replicas === 2);
  const [first = ""] = await marked(pods);
  expect(await marked(pods)).toEqual([first]);
  expect(await rolloutOf("down")).toMatchObject({ reason: "ScaleDown", from: "3", to: "1" });
  await observeDeployment(cluster, "down");
  // The ReplicaSet controller does so; the pod drains.
  await cluster.kubectl("delete", "pod", first, "--wait=false");
  await eventually("a pass has seen it", async () => {
    const passes = await operator.metric("revenprox_operator_reconcile_total");
    return eventually(
      "more passes",
      async () => (await operator.metric("revenprox_operator_reconcile_total")) > passes + 1,
    );
  });
  expect((await specOf("down")).replicas).toBe(2);

  await endPod(cluster, first);
  await untilSpec("down", "one is left", ({ replicas }) => replicas === 1);
  const rest = pods.filter((pod) => pod !== first);
  const [second = ""] = await marked(rest);
  expect(await marked(rest)).toEqual([second]);
  await observeDeployment(cluster, "down");
  await endPod(cluster, second);
  const ended = await eventually("the end is told", async () => {
    const rollout = await rolloutOf("down");
    return rollout?.finishedAt === undefined ? undefined : rollout;
  });
  expect(ended).toMatchObject({ streamsMoved: 0, streamsLost: 0, to: "1" });

  const calm = (await cluster.operatorRequests()).filter(isChildWrite).length;
  await cluster.kubectl("annotate", "revenprox", "down", "look=1");
  await cluster.kubectl("annotate", "pod", rest.find((pod) => pod !== second) ?? "", "look=1");
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect((await cluster.operatorRequests()).filter(isChildWrite)).toHaveLength(calm);
});

test("while a pod drains the Deployment replaces no other one", async () => {
  await cluster.kubectlApply(revenprox("rolling", { replicas: 2 }));
  await makePods(cluster, "rolling", { revision: 1, pods: ["rolling-old-a", "rolling-old-b"] });
  await makePods(cluster, "rolling", { revision: 2, pods: ["rolling-new"] });
  await observeDeployment(cluster, "rolling");
  expect((await specOf("rolling")).paused ?? false).toBe(false);

  await cluster.kubectl("delete", "pod", "rolling-old-a", "--wait=false");
  await untilSpec("rolling", "it is paused", ({ paused }) => paused === true);
  const begun = await eventually("the beginning is told", () => rolloutOf("rolling"));
  expect(begun).toMatchObject({ reason: "PodTemplateChanged", from: "1", to: "2" });
  await endPod(cluster, "rolling-old-a");
  await untilSpec("rolling", "it goes on", ({ paused }) => paused !== true);
  await cluster.kubectl("delete", "pod", "rolling-old-b", "--wait=false");
  await endPod(cluster, "rolling-old-b", 137);
  const ended = await eventually("the end is told", async () => {
    const rollout = await rolloutOf("rolling");
    return rollout?.finishedAt === undefined ? undefined : rollout;
  });
  expect(ended.reason).toBe("PodTemplateChanged");
  await eventually("both events are told", async () => {
    const { items } = (await cluster.get("/api/v1/namespaces/default/events")) as unknown as {
      items: readonly { readonly reason: string; readonly involvedObject: { readonly name: string } }[];
    };
    const told = items.filter(({ involvedObject }) => involvedObject.name === "rolling").map(({ reason }) => reason);
    return ["RolloutStarted", "RolloutFinished"].every((reason) => told.includes(reason)) ? told : undefined;
  });
});

test("none at all is what it says at once, and so are more", async () => {
  await cluster.kubectlApply(revenprox("off", { replicas: 3 }));
  await makePods(cluster, "off", { revision: 1, pods: ["off-a", "off-b", "off-c"] });
  await observeDeployment(cluster, "off");
  await scale("off", 0);
  await untilSpec("off", "none is left", ({ replicas }) => replicas === 0);
  expect(await marked(["off-a", "off-b", "off-c"])).toEqual([]);
  await scale("off", 7);
  await untilSpec("off", "seven are asked for", ({ replicas }) => replicas === 7);
});
