import { ports } from "@revenprox/contract/ports";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { ProxyTarget } from "../../chaos/load/client.ts";
import { type Instance, instanceOf, type Pod } from "../../environment/instance.ts";
import type { Platform, Reach } from "../../environment/platform.ts";
import { lookAgainAndAgain } from "./background-looks.ts";
import type { Departure, Stage } from "./stage.ts";

const name = "moving";
const lookEveryMs = 300;

interface Way {
  readonly reach: Reach;
  readonly target: ProxyTarget;
  open: boolean;
  leavingSince: number | undefined;
}

/** Ways to the proxy pods, kept up to date as a Service keeps its endpoints; open streams keep the way that they have. */
class Ways {
  readonly departures: Departure[] = [];
  readonly #instance: Instance;
  readonly #ways = new Map<string, Way>();

  constructor(instance: Instance) {
    this.#instance = instance;
  }

  get targets(): readonly ProxyTarget[] {
    return [...this.#ways.values()].filter(({ open }) => open).map(({ target }) => target);
  }

  async look(): Promise<void> {
    const pods = await this.#instance.pods();
    // Of one look: a pod that is gone in it, and one that goes in it, were not there together for sure.
    const now = Date.now();
    for (const pod of pods) await this.#attend(pod, now);
    const there = new Set(pods.map((pod) => pod.name));
    for (const [pod, way] of this.#ways) if (!there.has(pod)) await this.#drop(pod, way, now);
  }

  async close(): Promise<void> {
    for (const { reach } of this.#ways.values()) await reach.close();
  }

  async #attend({ name: pod, ready, deleting }: Pod, now: number): Promise<void> {
    const open = ready && !deleting;
    const way = this.#ways.get(pod) ?? (open ? await this.#make(pod) : undefined);
    if (way === undefined) return;
    way.open = open;
    if (deleting) way.leavingSince ??= now;
  }

  async #make(pod: string): Promise<Way> {
    const reach = await this.#instance.reach(pod, ports.http.number);
    const { hostname, port } = new URL(reach.origin);
    const target = { name: pod, address: hostname, port: Number(port) };
    const way: Way = { reach, target, open: true, leavingSince: undefined };
    this.#ways.set(pod, way);
    return way;
  }

  async #drop(pod: string, way: Way, now: number): Promise<void> {
    this.#ways.delete(pod);
    this.departures.push({ pod, from: way.leavingSince ?? now, to: now });
    await way.reach.close();
  }
}

/** A RevenProx in a real cluster, with the operator of the chart and NATS of its own. */
export const startClusterStage = async (platform: Platform, spec: object, namespace = "moving"): Promise<Stage> => {
  await platform.kubectl(["create", "namespace", namespace]);
  const resource = { apiVersion: "revenprox.io/v1alpha1", kind: "RevenProx", metadata: { name, namespace }, spec };
  await platform.kubectl(["create", "--filename", "-"], JSON.stringify(resource));
  const instance = instanceOf(platform, namespace, name);
  await instance.waitFor("Ready", "True");
  const ways = new Ways(instance);
  await ways.look();
  const looks = lookAgainAndAgain(() => ways.look(), lookEveryMs);
  return {
    kind: `pods of ${platform.description}`,
    targets: () => ways.targets,
    departures: () => ways.departures,
    publishKey: await instance.publishKey(),
    read: () => instance.get<RevenProx>("revenprox"),
    change: async (patch) =>
      void (await instance.kubectl(["patch", "revenprox", name, "--type=merge", "--patch", JSON.stringify(patch)])),
    operatorLog: () => "see the log of the operator's pods",
    failed: looks.failed,
    stop: async () => {
      await looks.stop();
      await ways.close();
      await platform.kubectl(["delete", "namespace", namespace, "--wait=false"]);
    },
  };
};
