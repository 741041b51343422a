import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Environment, until } from "../testing/proxy-process.ts";
import { mustBeLevel } from "./testing/level.ts";
import { type NatsCluster, startCluster } from "./testing/nats-cluster.ts";
import { healthOf, metricOf, mustHeal } from "./testing/observed.ts";
import { startPublisher } from "./testing/publisher.ts";
import { type Scene, withScene } from "./testing/scene.ts";

const replicated: Environment = { REVENPROX_JOURNAL__REPLICAS: "3" };
const topics = ["one", "two", "three", "four"];

/** A pod that follows every topic on the given nodes, and its clients. */
const podOn = async (scene: Scene, id: string, urls: readonly string[]) => {
  const proxy = await scene.proxy(id, urls, replicated);
  const clients = await Promise.all(
    topics.map((topic) => scene.client({ port: proxy.port, path: `/events/${topic}` })),
  );
  return { proxy, clients };
};

type Pod = Awaited<ReturnType<typeof podOn>>;

const mustAllBeLevel = async (pods: readonly Pod[], accepted: ReadonlyMap<string, string>): Promise<void> => {
  for (const { proxy, clients } of pods) {
    for (const [at, client] of clients.entries()) {
      const ofTopic = [...accepted].filter(([data]) => Number(data.split(" ")[1]) % topics.length === at);
      await mustBeLevel(client, new Map(ofTopic), 90_000);
      expect(client.gaps).toEqual([]);
    }
    expect(await healthOf(proxy)).toMatchObject({ status: "healthy" });
    expect(await metricOf(proxy, "connections_total")).toBe(topics.length);
  }
};

const otherThan = (cluster: NatsCluster, name: string) => cluster.nodes.filter((node) => node.name !== name);

test("a NATS node is isolated for 5 s, and its clients see no disconnect", { timeout: 240_000 }, () =>
  withScene(async (scene) => {
    const cluster = await startCluster(scene);
    const first = await scene.proxy("first", cluster.urls, replicated);
    const leader = await cluster.leader(scene.instance);
    const [cutOff, witness] = otherThan(cluster, leader.name);
    if (cutOff === undefined || witness === undefined) throw new Error("too few nodes");
    const [lonely, other] = await Promise.all([
      podOn(scene, "lonely", [cutOff.process.url]),
      podOn(scene, "other", [witness.process.url]),
    ]);
    const ports = [first.port, other.proxy.port];
    const publisher = startPublisher({ ports, topics, perSecond: 200, name: "e" });
    await until("some events", () => publisher.accepted.size > 300 || undefined);
    cutOff.isolate();
    await wait(5_000);
    const behind = publisher.accepted.size - lonely.clients.reduce((sum, { events }) => sum + events.length, 0);
    cutOff.rejoin();
    expect(behind).toBeGreaterThan(300);
    await until(
      "events after it",
      () => lonely.clients.every(({ events }) => events.length > 300) || undefined,
      90_000,
    );
    await publisher.stop();
    await mustHeal(lonely.proxy);
    await mustAllBeLevel([lonely, other], publisher.accepted);
    expect(lonely.proxy.output()).not.toContain("Lost the connection");
    expect(await metricOf(lonely.proxy, "holes_filled_total")).toBeGreaterThan(0);
  }),
);

test("the journal's leader steps down and is killed under 500 publishes/s", { timeout: 240_000 }, () =>
  withScene(async (scene) => {
    const cluster = await startCluster(scene);
    const pods = await Promise.all(["a", "b"].map((id) => podOn(scene, id, cluster.urls)));
    const ports = pods.map(({ proxy }) => proxy.port);
    const publisher = startPublisher({ ports, topics, perSecond: 500, name: "e" });
    const more = async (): Promise<void> => {
      const before = publisher.accepted.size;
      await until("more events", () => publisher.accepted.size > before + 500 || undefined, 90_000);
    };
    await more();
    for (let turn = 0; turn < 3; turn += 1) {
      await cluster.stepDown(scene.instance);
      await more();
    }
    const leader = await cluster.leader(scene.instance);
    await leader.process.kill();
    await more();
    await leader.process.restart();
    await more();
    await publisher.stop(90_000);
    await Promise.all(pods.map(({ proxy }) => mustHeal(proxy)));
    await mustAllBeLevel(pods, publisher.accepted);
  }),
);
