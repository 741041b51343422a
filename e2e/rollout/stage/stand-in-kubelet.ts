import type { ProxyTarget } from "../../chaos/load/client.ts";
import { lookAgainAndAgain } from "./background-looks.ts";
import type { Kube } from "./kube.ts";
import type { PodJson } from "./pod-json.ts";
import { endPodProcess, type PodProcess, probe, startPodProcess } from "./pod-process.ts";
import type { Departure } from "./stage.ts";

/** Runs the proxies of one namespace as processes of this machine, each at an address of its own in 127.0.0.0/8. */
export interface StandInKubelet {
  /** Ready pods that are to stay: where a Service leads. */
  targets(): readonly ProxyTarget[];
  departures(): readonly Departure[];
  /** Rejects with what went wrong in the background. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

export interface StandInOptions {
  readonly kube: Kube;
  readonly namespace: string;
  readonly folder: string;
  /** Label selector of the pods. */
  readonly selector: string;
}

const lookEveryMs = 100;
const node = "this-machine";

/** Several stages may run on one machine. */
const freeBlock = (): string => {
  const octet = () => 1 + Math.floor(Math.random() * 253);
  return `127.${octet()}.${octet()}`;
};

/** Takes up pods as they appear and ends them when they are deleted. */
class ProcessKubelet {
  readonly departures: Departure[] = [];
  readonly #options: StandInOptions;
  readonly #onFailed: (error: unknown) => void;
  readonly #running = new Map<string, PodProcess>();
  readonly #block = freeBlock();
  #addresses = 0;

  constructor(options: StandInOptions, onFailed: (error: unknown) => void) {
    this.#options = options;
    this.#onFailed = onFailed;
  }

  get processes(): readonly PodProcess[] {
    return [...this.#running.values()];
  }

  async look(): Promise<void> {
    const { kube, selector } = this.#options;
    const { items } = (await kube("GET", `${this.#pods}?labelSelector=${encodeURIComponent(selector)}`)) as {
      items: readonly PodJson[];
    };
    for (const pod of items) await this.#attend(pod);
    await Promise.all(this.processes.map((process) => probe(kube, process)));
  }

  get #pods(): string {
    return `/api/v1/namespaces/${this.#options.namespace}/pods`;
  }

  async #attend(pod: PodJson): Promise<void> {
    const process = this.#running.get(pod.metadata.uid);
    const leaving = pod.metadata.deletionTimestamp !== undefined;
    if (process === undefined) {
      if (!leaving) await this.#begin(pod);
      return;
    }
    if (process.child.exitCode !== null && !process.leaving) throw new Error(`a proxy ended:\n${process.output()}`);
    if (leaving && !process.leaving) this.#end(process);
  }

  async #begin(pod: PodJson): Promise<void> {
    const { kube, folder } = this.#options;
    const { name, uid } = pod.metadata;
    this.#addresses += 1;
    const address = `${this.#block}.${this.#addresses}`;
    await kube("POST", `${this.#pods}/${name}/binding`, {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name },
      target: { apiVersion: "v1", kind: "Node", name: node },
    });
    this.#running.set(uid, await startPodProcess(kube, pod, { address, folder }));
  }

  #end(process: PodProcess): void {
    const { kube, folder } = this.#options;
    process.leaving = true;
    const from = Date.now();
    const { name: pod, uid } = process.pod.metadata;
    endPodProcess(kube, process, folder)
      .catch(this.#onFailed)
      .finally(() => {
        this.#running.delete(uid);
        this.departures.push({ pod, from, to: process.endedAt ?? Date.now() });
      });
  }
}

export const startStandInKubelet = (options: StandInOptions): StandInKubelet => {
  const kubelet = new ProcessKubelet(options, (error) => looks.fail(error));
  const looks = lookAgainAndAgain(() => kubelet.look(), lookEveryMs);
  return {
    targets: () =>
      kubelet.processes
        .filter(({ ready, leaving }) => ready && !leaving)
        .map(({ pod, address }) => ({ name: pod.metadata.name, address, port: 8_080 })),
    departures: () => kubelet.departures,
    failed: looks.failed,
    stop: async () => {
      await looks.stop();
      for (const { child } of kubelet.processes) child.kill("SIGKILL");
      await Promise.all(kubelet.processes.map(({ exited }) => exited));
    },
  };
};
