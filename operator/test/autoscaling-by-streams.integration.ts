import { expect, test } from "vitest";
import { autoscalingOf, deploymentPath, speed } from "./support/autoscaling.ts";
import { condition, eventually, revenprox, statusOf } from "./support/cluster.ts";
import { PlayedProxies } from "./support/played-proxies.ts";
import { clusterOfFile, operatorOfFile } from "./support/stage.ts";

const cluster = clusterOfFile();
const operator = operatorOfFile(cluster, { speed });
const { replicasAt, runs, scaleTo, passes } = autoscalingOf(cluster, operator);
/** A test that is tried again begins with a resource of its own. */
const fresh = (name: string) => `${name}-${Math.random().toString(36).slice(2, 6)}`;

const events = async (name: string, reason: string): Promise<readonly string[]> => {
  const { items } = (await cluster.get("/api/v1/namespaces/default/events")) as unknown as {
    items: { reason: string; message: string; involvedObject: { name: string } }[];
  };
  return items
    .filter((each) => each.reason === reason && each.involvedObject.name === name)
    .map((each) => each.message);
};

const autoscaling = {
  minReplicas: 2,
  maxReplicas: 6,
  scaleDown: { stabilizationWindowSeconds: 60, periodSeconds: 20 },
  connections: { targetPerPod: 1_000 },
};

test("proxies follow their streams up and down, over a restart of the operator and what others write", async () => {
  const name = fresh("streams");
  await cluster.kubectlApply(revenprox(name, { autoscaling }));
  const played = new PlayedProxies(cluster, name);
  try {
    await runs(name, 2);
    await condition(cluster, name, ["AutoscalingReady", "True"]);

    played.hold(4_500);
    await runs(name, 5);
    expect(await statusOf(cluster, name).then(({ autoscaling: told }) => told)).toMatchObject({
      mode: "Connections",
    });
    await eventually("the status says so", async () => {
      const { autoscaling: told } = await statusOf(cluster, name);
      return told?.desired === 5 && told.reason === "AboveTarget" && told.targetPerPod === 1_000;
    });
    await eventually("an event says so", async () =>
      (await events(name, "SuccessfulRescale")).join().includes("proxies become 5: AboveTarget (4500 streams"),
    );

    // What the spec says of replicas counts no more, and what somebody does to the Deployment is put back.
    await scaleTo(name, 1);
    await cluster.kubectl("scale", "deployment", name, "--replicas=3");
    await eventually("it is put back", async () => (await events(name, "DriftCorrected")).length > 0, 60);
    await runs(name, 5);

    await operator.restart();
    await passes(3);
    expect(await replicasAt(deploymentPath(name))).toBe(5);

    // A silent pod holds all pods.
    played.silence(true);
    played.hold(0);
    await passes(8);
    expect(await replicasAt(deploymentPath(name))).toBe(5);
    played.silence(false);
    const from = played.sizes.length;
    await runs(name, 2);
    await eventually("its controller has seen it", async () => played.sizes.at(-1) === 2);
    // One after the other.
    expect(played.sizes.slice(from)).toEqual([4, 3, 2]);
    await passes(3);
    expect(await replicasAt(deploymentPath(name))).toBe(2);
    expect(await operator.metric("revenprox_operator_autoscaling_decisions_total")).toBeGreaterThan(10);
  } finally {
    await played.stop();
    await cluster.kubectl("delete", "revenprox", name);
  }
});

test("a load that stays writes nothing", async () => {
  const name = fresh("still");
  await cluster.kubectlApply(revenprox(name, { replicas: 2, autoscaling }));
  const played = new PlayedProxies(cluster, name);
  try {
    played.hold(1_900);
    await runs(name, 2);
    // Proxies are asked again only after a while: at first there may have been one.
    await eventually(
      "all of its load is told",
      async () => {
        const { connections, topics, autoscaling: told } = await statusOf(cluster, name);
        return connections === 1_900 && topics === 2 && told?.load === 1_900 && told.desired === 2;
      },
      120,
    ).catch(async (cause: unknown) => {
      throw new Error(`told is ${JSON.stringify(await statusOf(cluster, name))}`, { cause });
    });
    const writes = async () =>
      (await cluster.operatorRequests())
        .filter(({ verb, objectRef }) => verb !== "get" && objectRef?.name === name)
        .map(({ verb, objectRef }) => `${verb} ${objectRef?.resource} ${objectRef?.subresource ?? ""}`);
    await eventually(
      "all is said",
      async () => {
        const earlier = (await writes()).length;
        await new Promise((resolve) => setTimeout(resolve, 5_000));
        return (await writes()).length === earlier;
      },
      90,
    );
    const [before, told] = [(await writes()).length, await statusOf(cluster, name)];
    for (const streams of [1_880, 1_930, 1_860, 1_900]) {
      played.hold(streams);
      await passes(3);
    }
    expect(await statusOf(cluster, name)).toEqual(told);
    expect((await writes()).slice(before)).toEqual([]);
  } finally {
    await played.stop();
  }
});
