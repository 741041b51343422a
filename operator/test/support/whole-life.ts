import {
  childKinds,
  deploymentKind,
  pathOf,
  persistentVolumeClaimKind,
  podKind,
  type ResourceKind,
  secretKind,
  statefulSetKind,
} from "../../src/kube/kinds.ts";
import { deletionCostAnnotation } from "../../src/kube/pod-deletion-cost.ts";
import type { KubernetesObject } from "../../src/reconcile/ports.ts";
import { externalWithCredentials } from "../../src/testing/alternatives.ts";
import { everythingSet } from "../../src/testing/resource.ts";
import { condition, eventually, revenprox, type TestCluster } from "./cluster.ts";
import type { RunningOperator } from "./operator.ts";
import { makePods, observeDeployment } from "./pods.ts";

const apply = (cluster: TestCluster, name: string, spec: unknown) => cluster.kubectlApply(revenprox(name, spec));

const listOf = async (cluster: TestCluster, kind: ResourceKind): Promise<readonly KubernetesObject[]> =>
  ((await cluster.get(pathOf(kind, "default"))) as unknown as { readonly items: readonly KubernetesObject[] }).items;

/** A child of a kind as an operator of another version would have left it behind: ours, and wanted no more. */
const leaveBehind = async (cluster: TestCluster, kind: ResourceKind): Promise<string> => {
  const original = await eventually(
    `the operator makes a ${kind.kind}: without one nothing shows that it needs rights on ${kind.plural}`,
    async () => (await listOf(cluster, kind)).find((object) => object["immutable"] !== true),
    60,
  );
  const { labels, ownerReferences } = original.metadata;
  const { status: _, ...copy } = structuredClone(original) as KubernetesObject & { status?: unknown };
  const spec = (copy["spec"] ?? {}) as Record<string, unknown>;
  for (const assigned of ["clusterIP", "clusterIPs", "healthCheckNodePort"]) delete spec[assigned];
  for (const port of (kind.kind === "Service" ? (spec["ports"] as Record<string, unknown>[]) : []) ?? [])
    delete port["nodePort"];
  const path = pathOf(kind, "default");
  const metadata = { name: "left-behind", namespace: "default", labels, ownerReferences };
  await cluster.client.request({
    method: "POST",
    path,
    body: { ...copy, apiVersion: kind.apiVersion, kind: kind.kind, metadata },
  });
  return `${path}/left-behind`;
};

const patch = (cluster: TestCluster, path: string, body: unknown) =>
  cluster.client.request({ method: "PATCH", path, contentType: "application/merge-patch+json", body });

/** Fewer proxies, which are marked first; a NATS server with former settings, which is evicted. */
const takePods = async (cluster: TestCluster): Promise<void> => {
  await apply(cluster, "down", { replicas: 3 });
  await makePods(cluster, "down", { revision: 1, pods: ["down-a", "down-b", "down-c"] });
  await observeDeployment(cluster, "down");
  await makeNatsPod(cluster, "down");
  await apply(cluster, "down", { replicas: 1 });
  const podOf = (name: string) => cluster.get(pathOf(podKind, "default", name));
  await eventually(
    "a proxy is marked",
    async () => {
      const pods = await Promise.all(["down-a", "down-b", "down-c"].map(podOf));
      return pods.some((pod) => pod?.metadata.annotations?.[deletionCostAnnotation] !== undefined);
    },
    60,
  );
  await eventually(
    "the NATS server is evicted",
    async () => {
      const pod = await podOf("down-nats-0");
      return pod === undefined || pod.metadata.deletionTimestamp !== undefined;
    },
    60,
  );
};

/** A NATS server of a former revision, which is not ready. */
const makeNatsPod = async (cluster: TestCluster, name: string): Promise<void> => {
  const path = pathOf(statefulSetKind, "default", `${name}-nats`);
  const owner = await eventually(`${path} is made`, () => cluster.get(path), 60);
  const { template } = owner["spec"] as { readonly template: { readonly metadata: { labels: object }; spec: object } };
  const { generation, uid, name: ownerName } = owner.metadata;
  const labels = { ...template.metadata.labels, "controller-revision-hash": "former" };
  const ownerReferences = [{ apiVersion: "apps/v1", kind: "StatefulSet", name: ownerName, uid, controller: true }];
  await cluster.client.request({
    method: "POST",
    path: pathOf(podKind, "default"),
    body: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: `${ownerName}-0`, labels, ownerReferences },
      spec: { ...template.spec, volumes: [] as unknown, containers: [{ name: "nats", image: "nats" }] },
    },
  });
  await patch(cluster, `${path}/status`, {
    status: { replicas: 1, updateRevision: "present", observedGeneration: generation },
  });
};

/** Scales by itself, and then leaves it to an autoscaler, which is to find what runs. */
const handOver = async (cluster: TestCluster): Promise<void> => {
  const autoscaling = { minReplicas: 5, maxReplicas: 8 };
  await apply(cluster, "handed", { replicas: 2, autoscaling: { ...autoscaling, mode: "Connections" } });
  const path = pathOf(deploymentKind, "default", "handed");
  await eventually(
    "five run",
    async () => ((await cluster.get(path))?.["spec"] as { readonly replicas?: number } | undefined)?.replicas === 5,
    60,
  );
  await apply(cluster, "handed", { replicas: 2, autoscaling: { ...autoscaling, mode: "HPA" } });
};

const isWhole = (secret: KubernetesObject | undefined): boolean =>
  ((secret?.["data"] ?? {}) as Readonly<Record<string, string>>)["tls.crt"] !== "";

/** Somebody empties the generated certificate; the operator looks at it once a minute. */
const damageCertificate = async (cluster: TestCluster, name: string): Promise<void> => {
  const path = pathOf(secretKind, "default", `${name}-nats-tls`);
  await eventually(`${path} is made`, () => cluster.get(path), 60);
  await patch(cluster, path, { data: { "tls.crt": "" } });
};

/** A volume that grows. */
const growVolume = async (cluster: TestCluster): Promise<void> => {
  const spec = (size: string) => ({ nats: { managed: { storage: { size, className: "growing" } } } });
  await cluster.kubectlApply({
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "growing" },
    provisioner: "played.example/volumes",
    allowVolumeExpansion: true,
  });
  await apply(cluster, "grows", spec("2Gi"));
  await eventually("it has NATS", () => cluster.get(pathOf(statefulSetKind, "default", "grows-nats")), 60);
  const path = pathOf(persistentVolumeClaimKind, "default", "journal-grows-nats-0");
  const request = (storage: string) => ({ resources: { requests: { storage } } });
  await cluster.kubectlApply({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "journal-grows-nats-0", namespace: "default" },
    spec: { accessModes: ["ReadWriteOnce"], storageClassName: "growing", ...request("2Gi") },
  });
  await patch(cluster, `${path}/status`, { status: { phase: "Bound", capacity: { storage: "2Gi" } } });
  await apply(cluster, "grows", spec("5Gi"));
  await eventually(
    "its claim asks for more",
    async () => JSON.stringify((await cluster.get(path))?.["spec"]).includes('"5Gi"'),
    60,
  );
};

/** Everything that an operator does in its life. */
export const liveWholeLife = async (cluster: TestCluster, operator: RunningOperator): Promise<void> => {
  await takePods(cluster);
  await handOver(cluster);
  await growVolume(cluster);
  await apply(cluster, "everything", everythingSet);
  await apply(cluster, "external", externalWithCredentials);
  await apply(cluster, "by-hpa", { autoscaling: { mode: "HPA", maxReplicas: 4 } });
  await apply(cluster, "by-keda", {
    autoscaling: {
      mode: "KEDA",
      maxReplicas: 4,
      keda: { triggers: [{ type: "cron", metadata: { timezone: "UTC" } }] },
    },
  });
  for (const name of ["everything", "external", "by-hpa", "by-keda"])
    await condition(cluster, name, ["Ready", "False"]);
  await damageCertificate(cluster, "everything");
  const left = await Promise.all(childKinds.map((kind) => leaveBehind(cluster, kind)));
  await cluster.kubectl("annotate", "revenprox", "--all", "look=1");
  for (const path of left)
    await eventually(`${path} is taken away`, async () => (await cluster.get(path)) === undefined, 60);
  // The same correction again raises the count of its event.
  for (const value of ["one", "two"]) {
    await cluster.kubectl("label", "deployment/external", `app.kubernetes.io/part-of=${value}`, "--overwrite");
    await eventually(
      "it is corrected",
      async () => {
        const object = await cluster.get(pathOf(deploymentKind, "default", "external"));
        return object?.metadata.labels?.["app.kubernetes.io/part-of"] === "revenprox";
      },
      60,
    );
  }
  await eventually("the event is counted", async () => {
    const events = (await listOf(cluster, { apiVersion: "v1", kind: "Event", plural: "events" })) as readonly unknown[];
    return (events as readonly { readonly count?: number }[]).some(({ count }) => (count ?? 0) > 1);
  });
  const certificate = pathOf(secretKind, "default", "everything-nats-tls");
  await eventually(
    "the damaged certificate of NATS is renewed",
    async () => isWhole(await cluster.get(certificate)),
    120,
  );
  await eventually("it is well", async () => (await operator.get("/livez")).status === 200);
};
