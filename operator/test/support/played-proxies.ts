import { selectorLabels } from "@revenprox/contract/labels";
import { deploymentKind, pathOf, podKind, type ResourceKind, replicaSetKind } from "../../src/kube/kinds.ts";
import { isStatus } from "../../src/kube/kube-error.ts";
import type { KubernetesObject } from "../../src/reconcile/ports.ts";
import type { TestCluster } from "./cluster.ts";
import { loadAnswer, type PlayedPlane, playPlane } from "./played-load.ts";

interface PlayedPod {
  readonly name: string;
  readonly plane: PlayedPlane;
}

const namespace = "default";
const lookEveryMs = 100;
const template = { spec: { containers: [{ name: "proxy", image: "x" }], terminationGracePeriodSeconds: 1 } };

/** Plays the controllers of a Deployment, the kubelet and the proxies: pods that tell how many streams they hold. */
export class PlayedProxies {
  readonly #cluster: TestCluster;
  readonly #name: string;
  readonly #tell: (streams: number, path: string) => unknown;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #pods: PlayedPod[] = [];
  readonly #sizes: number[] = [];
  readonly #playing: Promise<void>;
  #streams = 0;
  #silent = false;
  #made = 0;
  #stopped = false;
  #replicaSet: KubernetesObject | undefined;

  /** `tell` gives what a proxy that holds so many streams answers at a path of its management plane. */
  constructor(cluster: TestCluster, name: string, tell: (streams: number, path: string) => unknown = loadAnswer) {
    this.#cluster = cluster;
    this.#name = name;
    this.#tell = tell;
    this.#labels = selectorLabels(name, "proxy");
    this.#playing = this.#play();
    // Told by stop().
    this.#playing.catch(() => undefined);
  }

  /** Replicas of the Deployment, one for each change. */
  get sizes(): readonly number[] {
    return this.#sizes;
  }

  /** Streams over all pods, spread evenly. */
  hold(streams: number): void {
    this.#streams = streams;
  }

  /** Whether the first pod breaks every connection. */
  silence(silent: boolean): void {
    this.#silent = silent;
  }

  /** Throws what went wrong while it played. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { plane } of this.#pods) plane.close();
    await this.#playing;
  }

  async #play(): Promise<void> {
    while (!this.#stopped) {
      const deployment = await this.#cluster.get(pathOf(deploymentKind, namespace, this.#name));
      if (deployment !== undefined) await this.#follow({ ...deployment, ...deploymentKind });
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }

  async #follow(deployment: KubernetesObject): Promise<void> {
    const { replicas } = deployment["spec"] as { readonly replicas: number };
    if (this.#sizes.at(-1) !== replicas) this.#sizes.push(replicas);
    while (this.#pods.length < replicas) await this.#add(deployment);
    while (this.#pods.length > replicas) await this.#remove();
    const { generation } = deployment.metadata;
    const seen = (deployment["status"] ?? {}) as { readonly observedGeneration?: number };
    if (seen.observedGeneration === generation) return;
    const counts = { replicas, readyReplicas: replicas, updatedReplicas: replicas, availableReplicas: replicas };
    await this.#patchStatus(deploymentKind, this.#name, { observedGeneration: generation, ...counts });
  }

  async #add(deployment: KubernetesObject): Promise<void> {
    const owner = await this.#ownerOfPods(deployment);
    const name = `${this.#name}-1-${this.#made++}`;
    const plane = await playPlane((path) => this.#answerOf(name, path));
    await this.#create(podKind, { name, owner }, { spec: template.spec });
    this.#pods.push({ name, plane });
    await this.#patchStatus(podKind, name, {
      phase: "Running",
      podIP: plane.address,
      podIPs: [{ ip: plane.address }],
      conditions: [{ type: "Ready", status: "True" }],
    });
  }

  async #remove(): Promise<void> {
    const pod = this.#pods.pop();
    if (pod === undefined) return;
    pod.plane.close();
    const path = pathOf(podKind, namespace, pod.name);
    const body = { apiVersion: "v1", kind: "DeleteOptions", gracePeriodSeconds: 0 };
    try {
      await this.#cluster.client.request({ method: "DELETE", path, body });
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
    }
  }

  #answerOf(name: string, path: string): unknown {
    const index = this.#pods.findIndex((pod) => pod.name === name);
    if (this.#silent && index === 0) return undefined;
    const count = Math.max(1, this.#pods.length);
    return this.#tell(Math.floor(this.#streams / count) + (index < this.#streams % count ? 1 : 0), path);
  }

  async #ownerOfPods(deployment: KubernetesObject): Promise<KubernetesObject> {
    this.#replicaSet ??= await this.#create(
      replicaSetKind,
      { name: `${this.#name}-1`, owner: deployment },
      {
        spec: {
          replicas: 0,
          selector: { matchLabels: this.#labels },
          template: { metadata: { labels: this.#labels }, ...template },
        },
      },
    );
    return this.#replicaSet;
  }

  async #create(
    kind: ResourceKind,
    { name, owner }: { readonly name: string; readonly owner: KubernetesObject },
    content: object,
  ): Promise<KubernetesObject> {
    const { apiVersion, kind: ownerKind, metadata } = owner;
    const reference = { apiVersion, kind: ownerKind, name: metadata.name, uid: metadata.uid, controller: true };
    const body = {
      apiVersion: kind.apiVersion,
      kind: kind.kind,
      metadata: { name, namespace, labels: this.#labels, ownerReferences: [reference] },
      ...content,
    };
    const path = pathOf(kind, namespace);
    return (await this.#cluster.client.request({ method: "POST", path, body })) as KubernetesObject;
  }

  async #patchStatus(kind: ResourceKind, name: string, status: object): Promise<void> {
    await this.#cluster.client.request({
      method: "PATCH",
      path: `${pathOf(kind, namespace, name)}/status`,
      contentType: "application/merge-patch+json",
      body: { status },
    });
  }
}
