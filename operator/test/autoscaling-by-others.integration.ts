import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { revenproxSpec } from "@revenprox/contract/resource/spec";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { KubernetesObject } from "../src/reconcile/ports.ts";
import { modeOf } from "../src/scaling/plan.ts";
import { autoscalingOf, deploymentPath, speed } from "./support/autoscaling.ts";
import { eventually, revenprox, revenproxPath, statusOf } from "./support/cluster.ts";
import { startHpaController } from "./support/hpa-controller.ts";
import { PlayedProxies } from "./support/played-proxies.ts";
import { clusterOfFile, operatorOfFile } from "./support/stage.ts";

const examples = fileURLToPath(new URL("../../charts/revenprox/examples", import.meta.url));

const cluster = clusterOfFile();
const operator = operatorOfFile(cluster, { speed });
const { replicasAt, runs, wants, scaleTo, says, passes } = autoscalingOf(cluster, operator);
let others: PlayedProxies;
let endHpaController: () => Promise<void>;

beforeAll(async () => {
  others = new PlayedProxies(cluster, "other");
  endHpaController = await startHpaController(cluster.controlPlane);
});

afterAll(async () => {
  await endHpaController?.();
  await others?.stop();
});

const hpaPath = (name: string) => `/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/${name}`;
const scaledObjectPath = (name: string) => `/apis/keda.sh/v1alpha1/namespaces/default/scaledobjects/${name}`;

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
    await says("other", "FailedGetResourceMetric");
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
    await says("other", "CRDMissing");
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
    await says("other", "OtherAutoscalerLeaving");
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
