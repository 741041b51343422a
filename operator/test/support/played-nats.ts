import { createHash } from "node:crypto";
import type { KubernetesObject } from "../../src/reconcile/ports.ts";
import { eventually, type TestCluster } from "./cluster.ts";
import type { NatsNode } from "./nats-nodes.ts";

const base = "/api/v1/namespaces/default";
const sets = "/apis/apps/v1/namespaces/default/statefulsets";
const budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
const merge = "application/merge-patch+json";

interface Template {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
}

/** A pod that was deleted, and what could be said of the others then. */
export interface Departure {
  readonly pod: string;
  readonly image: string;
  /** Status of `/healthz` of the other servers in that moment. */
  readonly others: readonly number[];
}

export interface PlayedNats {
  /** Turns that did not come to their end, and why. */
  readonly failures: readonly string[];
  readonly departures: readonly Departure[];
  /** Revisions of the pods that are ready, by name. */
  ready(): Promise<Readonly<Record<string, string>>>;
  revision(): Promise<string | undefined>;
  stop(): Promise<void>;
}

const podsOf = async ({ client }: TestCluster, name: string): Promise<readonly KubernetesObject[]> => {
  const query = { labelSelector: `app=revenprox-nats,app.kubernetes.io/instance=${name}` };
  const list = await client.request({ method: "GET", path: `${base}/pods`, query });
  return (list as { readonly items: readonly KubernetesObject[] }).items;
};

/** The StatefulSet's controller makes a pod, and the kubelet starts its server. */
const make = async ({ client }: TestCluster, statefulSet: KubernetesObject, node: NatsNode): Promise<void> => {
  await node.start();
  const { template } = statefulSet["spec"] as { readonly template: Template };
  const { name, uid = "" } = statefulSet.metadata;
  const owner = { apiVersion: "apps/v1", kind: "StatefulSet", name, uid, controller: true };
  const labels = { ...template.metadata.labels, "controller-revision-hash": revisionOf(statefulSet) };
  const containers = [{ name: "nats", image: imageOf(statefulSet) }];
  const spec = { nodeName: "node", terminationGracePeriodSeconds: 60, containers };
  const body = { apiVersion: "v1", kind: "Pod", metadata: { name: node.name, labels, ownerReferences: [owner] }, spec };
  await client.request({ method: "POST", path: `${base}/pods`, body });
};

/** The kubelet ends a pod that was deleted. */
const finish = async ({ client }: TestCluster, node: NatsNode): Promise<void> => {
  await node.end();
  const body = { apiVersion: "v1", kind: "DeleteOptions", gracePeriodSeconds: 0 };
  await client.request({ method: "DELETE", path: `${base}/pods/${node.name}`, body });
};

/** The kubelet says whether a pod is ready. */
const tell = async ({ client }: TestCluster, pod: KubernetesObject, node: NatsNode): Promise<boolean> => {
  const started = isReady(pod) || (await node.probe("/healthz")) === 200;
  const ready = started && (await node.probe("/healthz?js-enabled-only=true")) === 200;
  const conditions = [{ type: "Ready", status: ready ? "True" : "False" }];
  const body = { status: { phase: "Running", podIP: node.address, podIPs: [{ ip: node.address }], conditions } };
  if (ready !== isReady(pod))
    await client.request({ method: "PATCH", path: `${base}/pods/${node.name}/status`, contentType: merge, body });
  return ready;
};

/** The controllers of the StatefulSet and of its PodDisruptionBudget say how many pods there are. */
const count = async (cluster: TestCluster, statefulSet: KubernetesObject, pods: readonly Tended[]): Promise<void> => {
  const { name, generation } = statefulSet.metadata;
  const updateRevision = revisionOf(statefulSet);
  const ready = pods.filter((pod) => pod.ready).length;
  const updatedReplicas = pods.filter(({ revision }) => revision === updateRevision).length;
  const counts = { replicas: pods.length, readyReplicas: ready, availableReplicas: ready, updatedReplicas };
  const status = { ...counts, updateRevision, observedGeneration: generation };
  const patch = { method: "PATCH", contentType: merge } as const;
  await cluster.client.request({ ...patch, path: `${sets}/${name}/status`, body: { status } });
  const budget = await cluster.get(`${budgets}/${name}`);
  if (budget === undefined) return;
  const desiredHealthy = pods.length - 1;
  const figures = {
    currentHealthy: ready,
    desiredHealthy,
    expectedPods: pods.length,
    disruptionsAllowed: Math.max(0, ready - desiredHealthy),
    observedGeneration: budget.metadata.generation,
  };
  await cluster.client.request({ ...patch, path: `${budgets}/${name}/status`, body: { status: figures } });
};

interface Tended {
  readonly revision: string;
  readonly ready: boolean;
}

/**
 * Plays the StatefulSet controller (with `OnDelete`), the disruption controller and the kubelet for the NATS of the
 * RevenProx `name`: its pods are real servers.
 */
export const playNats = (cluster: TestCluster, name: string, nodes: readonly NatsNode[]): PlayedNats => {
  const departures: Departure[] = [];
  const failures: string[] = [];
  const path = `${sets}/${name}-nats`;
  let ended = false;

  const tend = async (statefulSet: KubernetesObject, node: NatsNode): Promise<Tended> => {
    const pod = (await podsOf(cluster, name)).find(({ metadata }) => metadata.name === node.name);
    if (pod === undefined) {
      await make(cluster, statefulSet, node);
      return { revision: revisionOf(statefulSet), ready: false };
    }
    const revision = revisionLabel(pod);
    if (pod.metadata.deletionTimestamp === undefined) return { revision, ready: await tell(cluster, pod, node) };
    const others = await Promise.all(nodes.filter((each) => each !== node).map((each) => each.probe("/healthz")));
    departures.push({ pod: node.name, image: imageOfPod(pod), others });
    await finish(cluster, node);
    return { revision: "", ready: false };
  };
  const turn = async (): Promise<void> => {
    const statefulSet = await cluster.get(path);
    if (statefulSet === undefined) return;
    await count(cluster, statefulSet, await Promise.all(nodes.map((node) => tend(statefulSet, node))));
  };
  const run = async (): Promise<void> => {
    while (!ended) {
      // As in a controller: a conflict with somebody else's write is met again in the next turn.
      await turn().catch((error: unknown) => void failures.push(String(error)));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const running = run();
  return {
    departures,
    failures,
    ready: async () =>
      Object.fromEntries(
        (await podsOf(cluster, name)).filter(isReady).map((pod) => [pod.metadata.name, revisionLabel(pod)]),
      ),
    revision: async () => {
      const statefulSet = await cluster.get(path);
      return statefulSet === undefined ? undefined : revisionOf(statefulSet);
    },
    stop: async () => {
      ended = true;
      await running;
    },
  };
};

const revisionLabel = ({ metadata }: KubernetesObject): string => metadata.labels?.["controller-revision-hash"] ?? "";

const revisionOf = (statefulSet: KubernetesObject): string => {
  const { template } = statefulSet["spec"] as { readonly template: unknown };
  return createHash("sha256").update(JSON.stringify(template)).digest("hex").slice(0, 10);
};

interface PodSpec {
  readonly containers: readonly { readonly image: string }[];
}

const imageOf = (statefulSet: KubernetesObject): string => {
  const { template } = statefulSet["spec"] as { readonly template: { readonly spec: PodSpec } };
  return template.spec.containers[0]?.image ?? "";
};

const imageOfPod = (pod: KubernetesObject): string => (pod["spec"] as PodSpec).containers[0]?.image ?? "";

const isReady = (pod: KubernetesObject): boolean => {
  const { conditions = [] } = (pod["status"] ?? {}) as {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
};

/** Resolves once all servers are ready in the revision that the StatefulSet asks for. */
export const settledNats = (played: PlayedNats, count: number, seconds = 120): Promise<unknown> =>
  eventually(
    "all NATS servers are ready in the present revision",
    async () => {
      const [revision, ready] = await Promise.all([played.revision(), played.ready()]);
      const revisions = Object.values(ready);
      return revisions.length === count && revisions.every((each) => each === revision);
    },
    seconds,
  );
