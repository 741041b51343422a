import { ports } from "@revenprox/contract/ports";
import type { KubernetesObject } from "../../src/reconcile/ports.ts";
import type { TestCluster } from "./cluster.ts";
import { type PlayedPlane, playPlane } from "./played-load.ts";

const base = "/api/v1/namespaces/default";
const lookEveryMs = 100;

interface Claim extends KubernetesObject {
  readonly spec: { readonly resources: { readonly requests: { readonly storage: string } } };
  readonly status?: { readonly phase?: string; readonly capacity?: { readonly storage?: string } };
}

interface Pod extends KubernetesObject {
  readonly status?: { readonly podIP?: string };
}

/**
 * Plays the volume provisioner, the resizer, the disruption controller and the kubelet of NATS servers; their StatefulSet's controller and the
 * garbage collector are real.
 */
export class PlayedVolumes {
  readonly #cluster: TestCluster;
  readonly #name: string;
  readonly #labelSelector: string;
  readonly #playing: Promise<void>;
  readonly #planes = new Map<string, PlayedPlane>();
  #resizes = true;
  #stopped = false;
  #fewestReady = Number.POSITIVE_INFINITY;

  constructor(cluster: TestCluster, name: string) {
    this.#cluster = cluster;
    this.#name = name;
    this.#labelSelector = `app=revenprox-nats,app.kubernetes.io/instance=${name}`;
    this.#playing = this.#play();
    // Told by stop().
    this.#playing.catch(() => undefined);
  }

  /** Whether file systems follow what is asked for. */
  resize(resizes: boolean): void {
    this.#resizes = resizes;
  }

  /** The fewest servers that were ready at once since this was asked last. */
  fewestReady(): number {
    const fewest = this.#fewestReady;
    this.#fewestReady = Number.POSITIVE_INFINITY;
    return fewest;
  }

  async pods(): Promise<readonly KubernetesObject[]> {
    return this.#list("pods");
  }

  async claims(): Promise<readonly Claim[]> {
    return (await this.#list("persistentvolumeclaims")) as readonly Claim[];
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const plane of this.#planes.values()) plane.close();
    await this.#playing;
  }

  async #list(plural: string): Promise<readonly KubernetesObject[]> {
    const query = { labelSelector: this.#labelSelector };
    const list = await this.#cluster.client.request({ method: "GET", path: `${base}/${plural}`, query });
    return (list as { readonly items: readonly KubernetesObject[] }).items;
  }

  async #play(): Promise<void> {
    while (!this.#stopped) {
      for (const claim of await this.claims()) await this.#serve(claim);
      const pods = (await this.pods()) as readonly Pod[];
      for (const pod of pods) await this.#run(pod);
      await this.#allow(pods);
      this.#fewestReady = Math.min(this.#fewestReady, pods.filter(({ status }) => status?.podIP !== undefined).length);
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }

  /**
   * As the disruption controller, which takes a pod that is made anew at once for the one that was evicted, for two
   * minutes; no real pod is back so soon.
   */
  async #allow(pods: readonly Pod[]): Promise<void> {
    const name = `${this.#name}-nats`;
    const budget = await this.#cluster.get(`/apis/policy/v1/namespaces/default/poddisruptionbudgets/${name}`);
    if (budget === undefined) return;
    const ready = pods.filter(({ status }) => status?.podIP !== undefined).length;
    const status = {
      currentHealthy: ready,
      desiredHealthy: 2,
      expectedPods: 3,
      disruptionsAllowed: Math.max(0, ready - 2),
      observedGeneration: budget.metadata.generation,
      disruptedPods: null,
    };
    await this.#patchStatus(name, status, "/apis/policy/v1/namespaces/default/poddisruptionbudgets");
  }

  async #serve({ metadata, spec, status }: Claim): Promise<void> {
    const { storage } = spec.resources.requests;
    const isNew = status?.phase !== "Bound";
    if (!isNew && (!this.#resizes || status.capacity?.storage === storage)) return;
    await this.#patchStatus(`persistentvolumeclaims/${metadata.name}`, { phase: "Bound", capacity: { storage } });
  }

  async #run({ metadata, status }: Pod): Promise<void> {
    if (status?.podIP !== undefined || metadata.deletionTimestamp !== undefined) return;
    const plane = await playPlane(() => ({ status: "ok", account_details: [] }), ports.natsMonitor.number);
    this.#planes.set(metadata.uid ?? "", plane);
    await this.#patchStatus(`pods/${metadata.name}`, {
      phase: "Running",
      podIP: plane.address,
      podIPs: [{ ip: plane.address }],
      conditions: [{ type: "Ready", status: "True", lastTransitionTime: new Date().toISOString() }],
    });
  }

  async #patchStatus(path: string, status: object, root = base): Promise<void> {
    const contentType = "application/merge-patch+json";
    try {
      await this.#cluster.client.request({
        method: "PATCH",
        path: `${root}/${path}/status`,
        contentType,
        body: { status },
      });
    } catch (error) {
      // It went meanwhile.
      if ((error as { readonly status?: number }).status !== 404) throw error;
    }
  }
}
