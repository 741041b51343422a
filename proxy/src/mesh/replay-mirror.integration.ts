import { randomUUID } from "node:crypto";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { natsServer } from "@revenprox/cluster";
import { journalStream, replayStream } from "@revenprox/contract/nats-subjects";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TopicId } from "../hub/event.ts";
import { dataOf, readAll, store, topicNumber } from "./testing/event-text.ts";
import { eventually } from "./testing/eventually.ts";
import { type NatsProcess, startNats } from "./testing/nats-process.ts";
import { openProxyJournal, type ProxyJournal, type ProxyJournalOptions } from "./testing/proxy-journal.ts";

let nats: NatsProcess;
let admin: NatsConnection;
let manager: JetStreamManager;
let instance: string;
let proxies: ProxyJournal[] = [];

const start = async (jetstreamLines = ""): Promise<void> => {
  nats = await startNats({ program: await natsServer(), jetstreamLines });
  admin = await connect({ servers: nats.url, maxReconnectAttempts: -1 });
  manager = await jetstreamManager(admin);
};

beforeEach(() => {
  instance = randomUUID();
});
afterEach(async () => {
  await Promise.all(proxies.map((proxy) => proxy.journal.close()));
  proxies = [];
  await admin.close();
  await nats.dispose();
});

const open = async (options: Partial<ProxyJournalOptions> = {}): Promise<ProxyJournal> => {
  const proxy = openProxyJournal({ url: nats.url, instance, proxyId: `proxy-${proxies.length}`, ...options });
  proxies.push(proxy);
  await proxy.ready();
  return proxy;
};
/** Undefined while there is none. */
const mirror = async () => {
  for await (const info of manager.streams.list()) if (info.config.name === replayStream(instance)) return info;
  return undefined;
};
const caughtUp = (): Promise<unknown> =>
  eventually("the mirror has all", async () => {
    const { state } = await manager.streams.info(journalStream(instance));
    return (await mirror())?.state.last_seq === state.last_seq;
  });
const storeMany = async (proxy: ProxyJournal, topicId: TopicId, from: number, count: number): Promise<void> => {
  const texts = Array.from({ length: count }, (_, index) => `${from + index}`);
  await Promise.all(texts.map((text) => store(proxy.journal, topicId, text)));
};

describe("the replay mirror", () => {
  it("is made with the journal's bounds, and the past is read from it", async () => {
    await start();
    const writer = await open({ journal: { maxAgeSec: 600, maxEventsPerTopic: 700, maxBytes: 20_000_000 } });
    await storeMany(writer, topicNumber(1), 0, 600);
    await caughtUp();
    expect((await mirror())?.config).toMatchObject({
      mirror: { name: journalStream(instance) },
      storage: "file",
      num_replicas: 1,
      max_age: 600e9,
      max_msgs_per_subject: 700,
      max_bytes: 20_000_000,
      deny_delete: true,
      deny_purge: true,
    });

    const reader = await open({ journal: { maxAgeSec: 600, maxEventsPerTopic: 700, maxBytes: 20_000_000 } });
    await eventually("the reader may use it", async () => {
      await reader.journal.locate(topicNumber(1), { last: 1 });
      return reader.reads("mirror") > 0;
    });
    const [before, beforeMain] = [reader.reads("mirror"), reader.reads("main")];
    const [first] = (await reader.journal.read(topicNumber(1), 0)).events;
    const page = await reader.journal.read(topicNumber(1), first?.sequence ?? 0);
    expect(page.events.map(dataOf)).toEqual(Array.from({ length: 250 }, (_, index) => String(index + 1)));
    expect(page.missed).toBe(false);
    expect([reader.reads("mirror") - before, reader.reads("main") - beforeMain]).toEqual([2, 1]);
    expect((await readAll(reader.journal, topicNumber(1))).map(dataOf)).toEqual(
      Array.from({ length: 600 }, (_, index) => String(index)),
    );
  });

  it("is changed with the journal, and removed where the configuration is without it", async () => {
    await start();
    await open({ journal: { maxEventsPerTopic: 100 } });
    await eventually("it is made", mirror);
    await open({ journal: { maxEventsPerTopic: 200 } });
    await eventually("it is changed", async () => (await mirror())?.config.max_msgs_per_subject === 200);
    const without = await open({ journal: { maxEventsPerTopic: 200, replayMirror: false } });
    await eventually("it is gone", async () => (await mirror()) === undefined);
    await storeMany(without, topicNumber(1), 0, 300);
    expect((await readAll(without.journal, topicNumber(1))).map(dataOf)).toHaveLength(200);
    expect(without.reads("mirror")).toBe(0);
  });

  it("is done without while it is not there", async () => {
    await start();
    const proxy = await open();
    await storeMany(proxy, topicNumber(1), 0, 400);
    await caughtUp();
    await manager.streams.delete(replayStream(instance));
    const began = proxy.reads("mirror");
    for (let round = 0; round < 3; round += 1) {
      expect((await readAll(proxy.journal, topicNumber(1))).map(dataOf)).toHaveLength(400);
    }
    expect(proxy.reads("mirror")).toBe(began + 1);
  });

  it("is made anew with a new epoch, for its sequences name other events", async () => {
    await start();
    const proxy = await open({ heartbeatMs: 300 });
    await storeMany(proxy, topicNumber(1), 0, 400);
    await caughtUp();
    const old = (await mirror())?.config.metadata?.["revenprox.epoch"];
    await manager.streams.delete(journalStream(instance));
    await eventually("a new epoch", () => proxy.listener.epochs.length > 0);
    await eventually("a new mirror", async () => {
      const label = (await mirror())?.config.metadata?.["revenprox.epoch"];
      return label === String(proxy.journal.known?.epoch) && label !== old;
    });
    await storeMany(proxy, topicNumber(1), 1_000, 400);
    await caughtUp();
    expect((await readAll(proxy.journal, topicNumber(1))).map(dataOf)).toEqual(
      Array.from({ length: 400 }, (_, index) => String(1_000 + index)),
    );
  });

  it("does not keep a journal from being used for which there is room only once", async () => {
    await start("max_file_store: 30MB");
    const proxy = await open({ journal: { maxBytes: 20_000_000 } });
    await eventually("it is told", () => proxy.lines.some((line) => line.includes("There is no replay mirror")));
    await storeMany(proxy, topicNumber(1), 0, 300);
    expect((await readAll(proxy.journal, topicNumber(1))).map(dataOf)).toHaveLength(300);
    expect(proxy.journal.troubles).toEqual([]);
    expect(proxy.lines.filter((line) => line.includes("There is no replay mirror"))).toHaveLength(1);
  });

  it("never hides an event: pages read while the oldest go away and new ones come have no silent hole", async () => {
    await start();
    const journal = { maxEventsPerTopic: 300 };
    const [writer, reader] = await Promise.all([open({ journal }), open({ journal })]);
    const topic = topicNumber(1);
    await reader.journal.follow(topic, () => undefined);
    let written = 0;
    const sequences: number[] = [];
    const write = async (count: number): Promise<void> => {
      const texts = Array.from({ length: count }, (_, index) => String(written + index));
      written += count;
      for (const cursor of await Promise.all(texts.map((text) => store(writer.journal, topic, text)))) {
        sequences.push(cursor.sequence);
      }
    };
    await write(300);
    await caughtUp();
    let reading = true;
    const writing = (async () => {
      while (reading) await write(40);
    })();
    try {
      for (let round = 0; reader.reads("mirror") < 150; round += 1) {
        const at = Math.max(0, sequences.length - 1 - ((round * 37) % 290));
        const page = await reader.journal.read(topic, sequences[at] ?? 0);
        const numbers = page.events.map((each) => Number(dataOf(each)));
        if (!page.missed && numbers.length > 0) expect(numbers[0]).toBe(at + 1);
        expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
      }
    } finally {
      reading = false;
      await writing;
    }
  });
});
