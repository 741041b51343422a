import { deploymentKind, pathOf, podKind, replicaSetKind } from "../../src/kube/kinds.ts";
import type { KubernetesObject } from "../../src/reconcile/ports.ts";
import { eventually, type TestCluster } from "./cluster.ts";

const path = (kind: Parameters<typeof pathOf>[0], name?: string) => pathOf(kind, "default", name);

const send = (cluster: TestCluster, method: "POST" | "PATCH", to: string, body: unknown) =>
  cluster.client.request({
    method,
    path: to,
    body,
    ...(method === "PATCH" ? { contentType: "application/merge-patch+json" } : {}),
  }) as Promise<KubernetesObject>;

const ownerOf = ({ kind, metadata: { name, uid } }: KubernetesObject) => [
  { apiVersion: "apps/v1", kind, name, uid, controller: true },
];

/** Plays the controllers of the Deployment `name`: it has seen its spec. */
export const observeDeployment = async (cluster: TestCluster, name: string): Promise<void> => {
  const { metadata } = await eventually(`Deployment ${name}`, () => cluster.get(path(deploymentKind, name)), 60);
  await send(cluster, "PATCH", `${path(deploymentKind, name)}/status`, {
    status: { observedGeneration: metadata.generation },
  });
};

/** Makes a ReplicaSet of a revision of the Deployment `name`, and ready pods of it that nobody runs. */
export const makePods = async (
  cluster: TestCluster,
  name: string,
  { revision, pods }: { readonly revision: number; readonly pods: readonly string[] },
): Promise<void> => {
  const deployment = await eventually(`Deployment ${name}`, () => cluster.get(path(deploymentKind, name)), 60);
  const { template, selector } = deployment["spec"] as {
    readonly template: { readonly metadata: { readonly labels: Record<string, string> }; readonly spec: object };
    readonly selector: object;
  };
  const replicaSet = await send(cluster, "POST", path(replicaSetKind), {
    metadata: {
      name: `${name}-${revision}`,
      labels: template.metadata.labels,
      annotations: { "deployment.kubernetes.io/revision": String(revision) },
      ownerReferences: ownerOf({ ...deployment, kind: "Deployment" }),
    },
    spec: { replicas: pods.length, selector, template },
  });
  for (const pod of pods) {
    const ownerReferences = ownerOf({ ...replicaSet, kind: "ReplicaSet" });
    const { labels } = template.metadata;
    await send(cluster, "POST", path(podKind), {
      metadata: { name: pod, labels, ownerReferences },
      // Bound to a node, so that its deletion takes its grace period.
      spec: { ...template.spec, nodeName: "nowhere" },
    });
    const conditions = [{ type: "Ready", status: "True" }];
    await send(cluster, "PATCH", `${path(podKind, pod)}/status`, { status: { phase: "Running", conditions } });
  }
};

/** Plays the kubelet: the pod is gone, and its proxy ended with this code. */
export const endPod = async (cluster: TestCluster, pod: string, exitCode = 0): Promise<void> => {
  const time = new Date().toISOString();
  const state = { terminated: { exitCode, startedAt: time, finishedAt: time } };
  await send(cluster, "PATCH", `${path(podKind, pod)}/status`, {
    status: {
      phase: exitCode === 0 ? "Succeeded" : "Failed",
      containerStatuses: [{ name: "proxy", image: "proxy", imageID: "", ready: false, restartCount: 0, state }],
    },
  });
  await cluster.kubectl("delete", "pod", pod, "--grace-period=0", "--force");
};
