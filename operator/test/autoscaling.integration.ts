import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { revenproxSpec } from "@revenprox/contract/resource/spec";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { KubernetesObject } from "../src/reconcile/ports.ts";
import { modeOf } from "../src/scaling/plan.ts";
import {
  condition,
  eventually,
  revenprox,
  revenproxPath,
  startTestCluster,
  statusOf,
  type TestCluster,
} from "./support/cluster.ts";
import { startHpaController } from "./support/hpa-controller.ts";
import { type RunningOperator, startOperator } from "./support/operator.ts";
import { PlayedProxies } from "./support/played-proxies.ts";

const examples = fileURLToPath(new URL("../../charts/revenprox/examples", import.meta.url));

/** A look every 1.5 s instead of every 15 s. */
const speed = 10;

let cluster: TestCluster;
let operator: RunningOperator;
let others: PlayedProxies;
let endHpaController: () => Promise<void>;
/** A test that is tried again begins with a resource of its own. */
const fresh = (name: string) => `${name}-${Math.random().toString(36).slice(2, 6)}`;

beforeAll(async () => {
  cluster = await startTestCluster();
  operator = await startOperator(cluster, { speed });
  others = new PlayedProxies(cluster, "other");
  endHpaController = await startHpaController(cluster.controlPlane);
});

afterAll(async () => {
  await endHpaController?.();
  await others?.stop();
  await operator?.stop();
  await cluster?.stop();
});

const hpaPath = (name: string) => `/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/${name}`;
const scaledObjectPath = (name: string) => `/apis/keda.sh/v1alpha1/namespaces/default/scaledobjects/${name}`;
const deploymentPath = (name: string) => `/apis/apps/v1/namespaces/default/deployments/${name}`;

const replicasAt = async (path: string): Promise<unknown> =>
  ((await cluster.get(path))?.["spec"] as { replicas?: number } | undefined)?.replicas;
const runs = (name: string, replicas: number) =>
  eventually(
    `${replicas} proxies of ${name} run`,
    async () => (await replicasAt(deploymentPath(name))) === replicas,
    60,
  );
const wants = (name: string, replicas: number) =>
  eventually(
    `spec.replicas of ${name} is ${replicas}`,
    async () => (await replicasAt(revenproxPath(name))) === replicas,
    60,
  );

/** As an autoscaler does. */
const scaleTo = (name: string, replicas: number) =>
  cluster.client.request({
    method: "PATCH",
    path: `${revenproxPath(name)}/scale`,
    query: { fieldManager: "an-autoscaler" },
    contentType: "application/merge-patch+json",
    body: { spec: { replicas } },
  });

const events = async (name: string, reason: string): Promise<readonly string[]> => {
  const { items } = (await cluster.get("/api/v1/namespaces/default/events")) as unknown as {
    items: { reason: string; message: string; involvedObject: { name: string } }[];
  };
  return items
    .filter((each) => each.reason === reason && each.involvedObject.name === name)
    .map((each) => each.message);
};

const saysOfAutoscaling = (name: string, reason: string) =>
  eventually(
    `AutoscalingReady of ${name} says ${reason}`,
    async () =>
      (await statusOf(cluster, name)).conditions?.some(
        (each) => each.type === "AutoscalingReady" && each.reason === reason,
      ),
    60,
  );

/** Long enough for some passes. */
const passes = async (count: number): Promise<void> => {
  const name = "revenprox_operator_reconcile_total";
  const before = await operator.metric(name);
  await eventually(`${count} passes are made`, async () => (await operator.metric(name)) >= before + count, 120);
};

describe("by streams", () => {
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
      await eventually("an event says so", async () => (await events(name, "SuccessfulRescale")).length > 0);
      expect((await events(name, "SuccessfulRescale")).join()).toContain("proxies become 5: AboveTarget (4500 streams");

      // What the spec says of replicas counts no more, and what somebody does to the Deployment is put back.
      await scaleTo(name, 1);
      await cluster.kubectl("scale", "deployment", name, "--replicas=3");
      await eventually("it is put back", async () => (await events(name, "DriftCorrected")).length > 0, 60);
      await runs(name, 5);

      await operator.stop();
      operator = await startOperator(cluster, { speed });
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
});

describe("by an HPA", () => {
  const manifest = (spec: unknown) => revenprox("other", spec);
  const autoscaling = { mode: "HPA", minReplicas: 2, maxReplicas: 9, hpa: { cpuUtilization: 60 } };

  test("who takes replicas out of the manifest on the occasion keeps what runs", async () => {
    await cluster.kubectlApply(manifest({ replicas: 6 }));
    await runs("other", 6);
    // kubectl removes what was in the manifest before, and the API server fills in its default.
    await cluster.kubectlApply(manifest({ autoscaling }));
    await eventually("the HPA is there", () => cluster.get(hpaPath("other")), 60);
    await wants("other", 6);
    expect(await replicasAt(deploymentPath("other"))).toBe(6);
    expect((await cluster.get(hpaPath("other")))?.["spec"]).toMatchObject({
      scaleTargetRef: { kind: "RevenProx", name: "other" },
      minReplicas: 2,
      maxReplicas: 9,
    });
  });

  test("what it writes through /scale is done, and no manifest without replicas resets it", async () => {
    await scaleTo("other", 8);
    await runs("other", 8);
    await eventually("the status says so", async () => (await statusOf(cluster, "other")).autoscaling?.desired === 8);
    await cluster.kubectlApply(manifest({ autoscaling, config: { logLevel: "debug" } }));
    await cluster.client.request({
      method: "PATCH",
      path: revenproxPath("other"),
      query: { fieldManager: "gitops", force: "true" },
      contentType: "application/apply-patch+yaml",
      body: manifest({ autoscaling }),
    });
    await passes(3);
    expect([await replicasAt(revenproxPath("other")), await replicasAt(deploymentPath("other"))]).toEqual([8, 8]);
    const scale = (await cluster.get(`${revenproxPath("other")}/scale`)) as unknown as {
      spec: { replicas: number };
      status: { selector: string };
    };
    expect(scale.spec.replicas).toBe(8);
    expect(scale.status.selector).toContain("app=revenprox");
  });

  test("the HPA controller of Kubernetes reads and writes /scale; what it complains of is told", async () => {
    // Above maxReplicas it needs no metrics, which nobody serves here.
    await scaleTo("other", 12);
    await wants("other", 9);
    await runs("other", 9);
    await saysOfAutoscaling("other", "FailedGetResourceMetric");
  });

  test("the operator claims no field of the resource but the one it handed over", async () => {
    const live = (await cluster.get(revenproxPath("other"))) as unknown as {
      metadata: { managedFields: { manager: string; subresource?: string }[] };
    };
    const own = live.metadata.managedFields.filter(({ manager }) => manager === "revenprox-operator");
    expect(own.map(({ subresource }) => subresource).filter((each) => each !== "scale")).toEqual(["status"]);
  });

  test("an HPA that somebody deletes or edits is put back", async () => {
    await cluster.kubectl("patch", "hpa", "other", "--type=merge", "-p", '{"spec":{"maxReplicas":50}}');
    await eventually(
      "it is put back",
      async () => (await cluster.kubectl("get", "hpa", "other", "-o", "jsonpath={.spec.maxReplicas}")) === "9",
      60,
    );
    await cluster.kubectl("delete", "hpa", "other");
    await eventually("it is made again", () => cluster.get(hpaPath("other")), 60);
  });
});

describe("never two at once", () => {
  const keda = {
    mode: "KEDA",
    maxReplicas: 9,
    keda: {
      triggers: [
        { type: "cron", metadata: { timezone: "UTC", start: "0 6 * * *", end: "0 20 * * *", desiredReplicas: "8" } },
      ],
    },
  };
  const crd = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "scaledobjects.keda.sh" },
    spec: {
      group: "keda.sh",
      scope: "Namespaced",
      names: { kind: "ScaledObject", listKind: "ScaledObjectList", plural: "scaledobjects", singular: "scaledobject" },
      versions: [
        {
          name: "v1alpha1",
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
        },
      ],
    },
  };

  test("KEDA is waited for, and the HPA goes", async () => {
    await cluster.kubectlApply(revenprox("other", { autoscaling: keda }));
    await saysOfAutoscaling("other", "CRDMissing");
    await eventually("the HPA is gone", async () => (await cluster.get(hpaPath("other"))) === undefined, 60);
    expect(await replicasAt(deploymentPath("other"))).toBe(9);
    await cluster.kubectlApply(crd);
    await eventually("the ScaledObject is made", () => cluster.get(scaledObjectPath("other")), 60);
    expect((await cluster.get(scaledObjectPath("other")))?.["spec"]).toMatchObject({
      scaleTargetRef: { apiVersion: "revenprox.io/v1alpha1", kind: "RevenProx", name: "other" },
      maxReplicaCount: 9,
    });
  });

  test("an HPA is made only when KEDA has let its object go", async () => {
    const finalizers = (list: readonly string[]) =>
      cluster.kubectl(
        "patch",
        "scaledobject.keda.sh",
        "other",
        "--type=merge",
        "-p",
        JSON.stringify({ metadata: { finalizers: list } }),
      );
    await finalizers(["finalizer.keda.sh/test"]);
    await cluster.kubectlApply(revenprox("other", { autoscaling: { mode: "HPA", maxReplicas: 9 } }));
    await eventually(
      "the ScaledObject is leaving",
      async () => (await cluster.get(scaledObjectPath("other")))?.metadata.deletionTimestamp !== undefined,
      60,
    );
    await saysOfAutoscaling("other", "OtherAutoscalerLeaving");
    expect(await cluster.get(hpaPath("other"))).toBeUndefined();
    await finalizers([]);
    await eventually("the HPA is there", () => cluster.get(hpaPath("other")), 60);
    expect(await cluster.get(scaledObjectPath("other"))).toBeUndefined();
  });

  test("without autoscaling none is left", async () => {
    await cluster.kubectlApply(revenprox("other", { replicas: 4 }));
    await eventually("the HPA is gone", async () => (await cluster.get(hpaPath("other"))) === undefined, 60);
    await runs("other", 4);
    await eventually("the status is silent", async () => (await statusOf(cluster, "other")).autoscaling === undefined);
  });

  test.each([
    ["hpa beside another mode", { maxReplicas: 5, hpa: { cpuUtilization: 50 } }, "for the mode HPA"],
    [
      "connections beside another mode",
      { mode: "HPA", maxReplicas: 5, connections: { targetPerPod: 5 } },
      "for the mode Connections",
    ],
    ["KEDA without triggers", { mode: "KEDA", maxReplicas: 5 }, "belong together"],
    ["keda beside another mode", { ...keda, mode: "Connections" }, "belong together"],
    ["bounds the wrong way round", { minReplicas: 6, maxReplicas: 5 }, "at most maxReplicas"],
    [
      "CPU and a metric",
      {
        mode: "HPA",
        maxReplicas: 5,
        hpa: { cpuUtilization: 5, metric: { type: "Pods", name: "x", averageValue: "1" } },
      },
      "not both",
    ],
    ["no bound", { mode: "Connections" }, "maxReplicas"],
  ])("%s is refused with what to do", async (_, autoscaling, message) => {
    await expect(cluster.kubectlApply(revenprox("refused", { autoscaling }))).rejects.toThrow(message);
  });
});

test.each(["connections", "hpa", "keda"])("the API server takes the example of %s", async (mode) => {
  const file = `${examples}/autoscaling-${mode}.yaml`;
  await cluster.kubectl("create", "--dry-run=server", "--validate=strict", "-f", file);
  const { kind, spec } = parse(await readFile(file, "utf8")) as KubernetesObject;
  expect(kind).toBe("RevenProx");
  expect(modeOf(revenproxSpec.parse(spec))?.toLowerCase()).toBe(mode);
});
