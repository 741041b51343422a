import { type JetStreamManager, jetstreamManager, RetentionPolicy, StorageType } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { natsServer } from "@revenprox/cluster";
import { journalStream, natsSubjects } from "@revenprox/contract/nats-subjects";
import { expect, test } from "vitest";
import { type NatsProcess, startNats } from "../../src/mesh/testing/nats-process.ts";
import { type ProxyProcess, until } from "../testing/proxy-process.ts";
import { mustBeLevel } from "./testing/level.ts";
import { healthOf, metricOf, mustDegrade, mustHeal } from "./testing/observed.ts";
import { startPublisher } from "./testing/publisher.ts";
import { type Scene, withScene } from "./testing/scene.ts";
import { openPlaced } from "./testing/stream-client.ts";

interface Losing {
  readonly nats: NatsProcess;
  readonly manager: JetStreamManager;
  readonly instance: string;
  readonly proxies: readonly ProxyProcess[];
}

interface Loss {
  readonly name: string;
  /** What the proxies go on to say of a journal that they cannot make right. */
  readonly trouble?: string;
  lose(losing: Losing): Promise<void>;
}

const restartedEmpty: Loss["lose"] = async ({ nats, proxies }) => {
  await nats.kill();
  await Promise.all(proxies.map((proxy) => mustDegrade(proxy)));
  await nats.wipe();
  await nats.restart();
};

/** As somebody would who does not know what a journal is; a proxy that is faster is undone. */
const madeAnew =
  (storage: StorageType): Loss["lose"] =>
  async ({ manager, instance }) => {
    const name = journalStream(instance);
    const subjects = [natsSubjects(instance).inAll];
    const others = { max_msgs_per_subject: 2_000, max_age: 0, allow_direct: false, retention: RetentionPolicy.Limits };
    await until("the other stream to be there", async () => {
      // Not there is as good as deleted; what a proxy has made meanwhile is deleted at the next try.
      await manager.streams.delete(name).catch(() => false);
      return await manager.streams.add({ name, subjects, storage, ...others }).then(
        () => true,
        () => undefined,
      );
    });
  };

const losses: readonly Loss[] = [
  {
    name: "its stream is deleted",
    lose: async ({ manager, instance }) => void (await manager.streams.delete(journalStream(instance))),
  },
  { name: "its stream is deleted and made anew with other settings", lose: madeAnew(StorageType.File) },
  {
    name: "its stream is deleted and made anew with settings that cannot be changed",
    trouble: "storage",
    lose: madeAnew(StorageType.Memory),
  },
  { name: "its disk is emptied, and sequences begin at 1 again", lose: restartedEmpty },
];

const start = async (scene: Scene): Promise<Losing> => {
  const nats = await startNats({ program: await natsServer() });
  scene.onEnd(() => nats.dispose());
  const admin = await connect({ servers: nats.url, maxReconnectAttempts: -1 });
  scene.onEnd(() => admin.close());
  const proxies = await Promise.all(["a", "b"].map((id) => scene.proxy(id, [nats.url])));
  return { nats, manager: await jetstreamManager(admin), instance: scene.instance, proxies };
};

test.concurrent.for(losses)("the journal is lost: $name", { timeout: 180_000 }, ({ lose, trouble }) =>
  withScene(async (scene) => {
    const losing = await start(scene);
    const ports = losing.proxies.map(({ port }) => port);
    const clients = await Promise.all(ports.map((port) => scene.client({ port, path: "/events/news" })));
    const quiet = await Promise.all(ports.map((port) => scene.client({ port, path: "/events/quiet" })));
    const before = startPublisher({ ports, topics: ["news"], perSecond: 100, name: "before" });
    await until("some events", () => before.accepted.size > 200 || undefined);
    await before.stop();
    for (const client of clients) await mustBeLevel(client, before.accepted);
    const old = clients[0]?.lastId ?? "";

    await lose(losing);
    const after = startPublisher({ ports, topics: ["news"], perSecond: 100, name: "after" });
    await until("events in the new journal", () => after.accepted.size > 200 || undefined, 60_000);
    await after.stop();
    const all = new Map([...before.accepted, ...after.accepted]);
    for (const client of clients) {
      await mustBeLevel(client, all);
      expect(client.gaps).toMatchObject([{ topic: "news", reason: "reset" }]);
    }
    for (const client of quiet) {
      expect(client.ended).toBeUndefined();
      await until("the gap to be told to a quiet stream", () => client.gaps.length > 0 || undefined);
      expect(client.gaps).toMatchObject([{ topic: "quiet", reason: "reset" }]);
    }
    const resumed = await openPlaced({ port: ports[1] ?? 0, path: "/events/news", lastEventId: old });
    await until("the gap to be told to one who resumes", () => resumed.gaps.length > 0 || undefined);
    expect(resumed.gaps).toMatchObject([{ reason: "reset", from: old }]);
    resumed.close();
    for (const proxy of losing.proxies) {
      if (trouble === undefined) await mustHeal(proxy);
      else expect((await healthOf(proxy)).reasons).toEqual([expect.stringContaining(trouble)]);
      expect(await metricOf(proxy, "gaps_told_total")).toBeGreaterThanOrEqual(2);
    }
    expect(await metricOf(losing.proxies[0] as ProxyProcess, "connections_total")).toBe(2);
    const { config } = await losing.manager.streams.info(journalStream(scene.instance));
    expect(config).toMatchObject({ max_msgs_per_subject: 100_000, allow_direct: true, deny_delete: true });
    expect(config.republish).toBeDefined();
  }),
);
