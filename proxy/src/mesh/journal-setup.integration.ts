import { randomUUID } from "node:crypto";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { natsServer } from "@revenprox/cluster";
import { journalStream } from "@revenprox/contract/nats-subjects";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dataOf, event, readAll, topicNumber } from "./testing/event-text.ts";
import { eventually } from "./testing/eventually.ts";
import { type NatsCluster, startNatsCluster } from "./testing/nats-cluster.ts";
import { type NatsProcess, startNats } from "./testing/nats-process.ts";
import { openProxyJournal, type ProxyJournal, type ProxyJournalOptions } from "./testing/proxy-journal.ts";

type Settings = NonNullable<ProxyJournalOptions["journal"]>;

const longMs = 60_000;
let proxies: ProxyJournal[] = [];
let instance: string;

beforeEach(() => {
  instance = randomUUID();
});
afterEach(async () => {
  await Promise.all(proxies.map((proxy) => proxy.journal.close()));
  proxies = [];
});

const openAt = (urls: readonly string[], journal: Settings): ProxyJournal => {
  const proxy = openProxyJournal({ url: urls, instance, journal, proxyId: `proxy-${proxies.length}` });
  proxies.push(proxy);
  return proxy;
};
const allUsable = (opened: readonly ProxyJournal[]): Promise<unknown> =>
  eventually("all proxies can use the journal", () => opened.every(({ journal }) => journal.connected), longMs);
const told = (opened: readonly ProxyJournal[], text: string): string[] =>
  opened.flatMap(({ lines }) => lines.filter((line) => line.includes(text)));
/** Every proxy stores an event, and all of them read the same. */
const mustBeOneJournal = async (opened: readonly ProxyJournal[]): Promise<void> => {
  const topic = topicNumber(7);
  const outcomes = await Promise.all(opened.map(({ journal }, index) => journal.publish(topic, event(`of ${index}`))));
  expect(outcomes.map(({ kind }) => kind)).toEqual(opened.map(() => "stored"));
  const [first, ...others] = await Promise.all(
    opened.map(async ({ journal }) => (await readAll(journal, topic)).map(dataOf)),
  );
  expect(first).toHaveLength(opened.length);
  for (const other of others) expect(other).toEqual(first);
  expect(new Set(opened.map(({ journal }) => journal.known?.epoch)).size).toBe(1);
};

describe.each([
  ["one server", 1],
  ["a cluster of three", 3],
])("proxies that set the journal up on %s", (_, replicas) => {
  let urls: readonly string[];
  let manager: JetStreamManager;
  let cluster: NatsCluster | undefined;
  let single: NatsProcess | undefined;
  let admin: NatsConnection;

  beforeAll(async () => {
    if (replicas === 3) {
      cluster = await startNatsCluster(await natsServer());
      ({ urls, manager, admin } = cluster);
    } else {
      single = await startNats({ program: await natsServer() });
      urls = [single.url];
      admin = await connect({ servers: single.url });
      manager = await jetstreamManager(admin);
    }
  });
  afterAll(async () => {
    await admin.close();
    await Promise.all([cluster?.dispose(), single?.dispose()]);
  });
  const config = async () => (await manager.streams.info(journalStream(instance))).config;

  it("do so together: ten of them, at once, make one stream", async () => {
    const opened = Array.from({ length: 10 }, () => openAt(urls, { replicas, maxEventsPerTopic: 50 }));
    await allUsable(opened);
    expect(await config()).toMatchObject({ num_replicas: replicas, max_msgs_per_subject: 50 });
    expect(told(opened, "Changed the journal stream")).toEqual([]);
    expect(opened.flatMap(({ journal }) => journal.troubles)).toEqual([]);
    await mustBeOneJournal(opened);
  });

  it("agree although two configurations start at once", async () => {
    const opened = Array.from({ length: 10 }, (__, index) =>
      openAt(urls, { replicas, maxEventsPerTopic: index % 2 === 0 ? 50 : 70 }),
    );
    await allUsable(opened);
    expect([50, 70]).toContain((await config()).max_msgs_per_subject);
    await mustBeOneJournal(opened);
  });

  it("obey the one that started last, and one of them makes its change", async () => {
    const old = Array.from({ length: 3 }, () => openAt(urls, { replicas, maxAgeSec: 600 }));
    await allUsable(old);
    const fresh = Array.from({ length: 5 }, () => openAt(urls, { replicas, maxAgeSec: 900, maxEventsPerTopic: 80 }));
    await allUsable(fresh);
    await eventually("the change is made", async () => (await config()).max_age === 900e9, longMs);
    expect(told(fresh, "Changed the journal stream").length).toBeGreaterThanOrEqual(1);
    // The old ones look again, as after every change of the stream's leader, and do not change it back.
    const looks = old.map(({ listener }) => listener.resyncs.length);
    admin.publish(`$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.${journalStream(instance)}`);
    await eventually("the old ones have looked", () =>
      old.every(({ listener }, index) => listener.resyncs.length > (looks[index] ?? 0)),
    );
    expect(await config()).toMatchObject({ max_age: 900e9, max_msgs_per_subject: 80 });
    await mustBeOneJournal([...old, ...fresh]);
  });
});

describe("a NATS that cannot hold the journal as it is configured", () => {
  let nats: NatsProcess;

  afterEach(() => nats.dispose());
  const start = async (maxFileStore: string): Promise<void> => {
    nats = await startNats({ program: await natsServer(), jetstreamLines: `max_file_store: ${maxFileStore}` });
  };

  it("is told of with what to do, and is used once there is room", async () => {
    await start("8MB");
    const proxy = openAt([nats.url], { maxBytes: 100_000_000 });
    await eventually("the reason is told", () => proxy.journal.troubles.some((text) => text.includes("no room")));
    expect(proxy.journal.troubles.join()).toContain("max_file_store");
    expect(told([proxy], "The journal cannot be used: JetStream has no room")).toHaveLength(1);
    expect(await proxy.journal.publish(topicNumber(1), event("nowhere"))).toEqual({ kind: "unavailable" });
    await nats.restart(undefined, "max_file_store: 1GB");
    await allUsable([proxy]);
    expect(proxy.journal.troubles).toEqual([]);
  });

  it("keeps the settings it refuses to change, which is told for as long as it lasts", async () => {
    await start("1GB");
    const modest = openAt([nats.url], {});
    await modest.ready();
    const proxy = openAt([nats.url], { replicas: 3 });
    await proxy.ready();
    expect(proxy.journal.troubles).toEqual([
      expect.stringContaining("NATS refused to change num_replicas: replicas > 1"),
    ]);
    expect((await proxy.journal.publish(topicNumber(1), event("stored all the same"))).kind).toBe("stored");
    expect(modest.journal.troubles).toEqual([]);
  });
});
