import { ports } from "@revenprox/contract/ports";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { ProxyTarget } from "../chaos/load/client.ts";
import { type Instance, instanceOf, type Pod } from "../environment/instance.ts";
import type { Platform, Reach } from "../environment/platform.ts";
import type { Stage } from "../rollout/stage/stage.ts";

const namespace = "scaling";
const name = "scaling";
const lookEveryMs = 300;

interface Way {
  readonly reach: Reach;
  readonly target: ProxyTarget;
  open: boolean;
}

/** Ways to the proxy pods, kept up to date as a Service keeps its endpoints; open streams keep the way that they have. */
class Ways {
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
    for (const pod of pods) await this.#attend(pod);
    const there = new Set(pods.map((pod) => pod.name));
    for (const [pod, { reach }] of this.#ways) {
      if (there.has(pod)) continue;
      this.#ways.delete(pod);
      await reach.close();
    }
  }

  async close(): Promise<void> {
    for (const { reach } of this.#ways.values()) await reach.close();
  }

  async #attend({ name: pod, ready, deleting }: Pod): Promise<void> {
    const open = ready && !deleting;
    const way = this.#ways.get(pod) ?? (open ? await this.#make(pod) : undefined);
    if (way !== undefined) way.open = open;
  }

  async #make(pod: string): Promise<Way> {
    const reach = await this.#instance.reach(pod, ports.http.number);
    const { hostname, port } = new URL(reach.origin);
    const way: Way = { reach, target: { name: pod, address: hostname, port: Number(port) }, open: true };
    this.#ways.set(pod, way);
    return way;
  }
}

/** Looks at the pods until it is stopped. */
const follow = (ways: Ways) => {
  let stopped = false;
  const loop = (async () => {
    while (!stopped) {
      await ways.look();
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  })();
  const failed = loop.then(() => new Promise<never>(() => undefined));
  // Whoever waits for it hears of it; nobody has to.
  failed.catch(() => undefined);
  const stop = async () => {
    stopped = true;
    await loop;
  };
  return { failed, stop };
};

/** A RevenProx in a real cluster, with the operator of the chart and NATS of its own. */
export const startClusterStage = async (platform: Platform, spec: object): Promise<Stage> => {
  await platform.kubectl(["create", "namespace", namespace]);
  const resource = { apiVersion: "revenprox.io/v1alpha1", kind: "RevenProx", metadata: { name, namespace }, spec };
  await platform.kubectl(["create", "--filename", "-"], JSON.stringify(resource));
  const instance = instanceOf(platform, namespace, name);
  await instance.waitFor("Ready", "True");
  const ways = new Ways(instance);
  await ways.look();
  const following = follow(ways);
  return {
    kind: `pods of ${platform.description}`,
    targets: () => ways.targets,
    departures: () => [],
    publishKey: await instance.publishKey(),
    read: () => instance.get<RevenProx>("revenprox"),
    change: async (patch) =>
      void (await instance.kubectl(["patch", "revenprox", name, "--type=merge", "--patch", JSON.stringify(patch)])),
    operatorLog: () => "see the log of the operator's pods",
    failed: following.failed,
    stop: async () => {
      await following.stop();
      await ways.close();
      await platform.kubectl(["delete", "namespace", namespace, "--wait=false"]);
    },
  };
};
