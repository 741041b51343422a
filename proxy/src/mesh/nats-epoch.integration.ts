import { randomUUID } from "node:crypto";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { natsServer } from "@revenprox/cluster";
import { journalStream, natsSubjects } from "@revenprox/contract/nats-subjects";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LiveEvent } from "../hub/ports.ts";
import { dataOf, readAll, store, topicNumber } from "./testing/event-text.ts";
import { eventually } from "./testing/eventually.ts";
import { type NatsProcess, startNats } from "./testing/nats-process.ts";
import { openProxyJournal, type ProxyJournal } from "./testing/proxy-journal.ts";

let nats: NatsProcess;
let admin: NatsConnection;
let manager: JetStreamManager;
let instance: string;
let proxies: ProxyJournal[] = [];

beforeEach(async () => {
  instance = randomUUID();
  nats = await startNats({ program: await natsServer() });
  admin = await connect({ servers: nats.url, maxReconnectAttempts: -1 });
  manager = await jetstreamManager(admin);
});
afterEach(async () => {
  await Promise.all(proxies.map((proxy) => proxy.journal.close()));
  proxies = [];
  await admin.close();
  await nats.dispose();
});

const open = async (
  options: { heartbeatMs?: number; journal?: Record<string, number> } = {},
): Promise<ProxyJournal> => {
  const proxy = openProxyJournal({ url: nats.url, instance, proxyId: `proxy-${proxies.length}`, ...options });
  proxies.push(proxy);
  await proxy.ready();
  return proxy;
};

const topic = topicNumber(1);
const epochOf = (proxy: ProxyJournal): number => proxy.journal.known?.epoch ?? 0;

/** Stores until one event comes to `told` by itself: those before it may have to be asked for. */
const toldLiveAgain = ({ journal }: ProxyJournal, told: readonly LiveEvent[]): Promise<unknown> =>
  eventually("events are told live again", async () => {
    const { sequence } = await store(journal, topic, "live?");
    // One that does not come by itself is followed by another one.
    return await eventually("told", () => told.at(-1)?.sequence === sequence, 500).catch(() => false);
  });

describe("the journal's epoch", () => {
  it("is the same for all proxies, whichever set the journal up, and outlives a restart of the server", async () => {
    const opened = await Promise.all(Array.from({ length: 10 }, () => open()));
    expect(new Set(opened.map(epochOf)).size).toBe(1);
    expect(opened.flatMap((proxy) => proxy.lines.filter((line) => line.startsWith("ERROR")))).toEqual([]);
    const [proxy] = opened;
    if (proxy === undefined) throw new Error("no proxy");
    await nats.restart();
    await eventually("all are back", () => opened.every((each) => each.listener.resyncs.length > 1));
    expect(new Set(opened.map(epochOf)).size).toBe(1);
    expect(opened.flatMap((each) => each.listener.epochs)).toEqual([]);
  });

  it("begins anew when the store was wiped, and what is published then is told under it", async () => {
    const [publisher, follower] = await Promise.all([open({ heartbeatMs: 500 }), open({ heartbeatMs: 500 })]);
    const old = epochOf(publisher);
    const told: LiveEvent[] = [];
    await follower.journal.follow(topic, (live) => told.push(live));
    for (let index = 0; index < 20; index += 1) await store(publisher.journal, topic, `old ${index}`);
    await nats.kill();
    await nats.wipe();
    await nats.restart();
    await eventually(
      "both know the new epoch",
      () => epochOf(publisher) > old && epochOf(follower) === epochOf(publisher),
    );
    await Promise.all([publisher.ready(), follower.ready()]);
    for (const proxy of [publisher, follower]) {
      expect(proxy.listener.epochs).toEqual([{ epoch: epochOf(publisher), restarted: true }]);
    }
    const cursor = await store(publisher.journal, topic, "new");
    expect(cursor.epoch).toBe(epochOf(publisher));
    expect(cursor.sequence).toBeLessThan(20);
    await eventually("live delivery goes on, or a resync asks for a look", async () => {
      const live = told.at(-1)?.sequence === cursor.sequence;
      return live || (await readAll(follower.journal, topic)).map(dataOf).includes("new");
    });
    await toldLiveAgain(publisher, told);
  });

  it("begins anew when an administrator deletes the stream, and publishing goes on", async () => {
    const [publisher, follower] = await Promise.all([open({ heartbeatMs: 500 }), open({ heartbeatMs: 500 })]);
    for (let index = 0; index < 10; index += 1) await store(publisher.journal, topic, `old ${index}`);
    const old = epochOf(publisher);
    await manager.streams.delete(journalStream(instance));
    const cursor = await store(publisher.journal, topic, "after the deletion");
    expect(cursor.epoch).toBeGreaterThan(old);
    await eventually("the other proxy knows too", () => epochOf(follower) === cursor.epoch);
    expect(publisher.listener.epochs).toEqual([{ epoch: cursor.epoch, restarted: true }]);
    expect(follower.listener.epochs).toEqual([{ epoch: cursor.epoch, restarted: true }]);
    expect((await readAll(follower.journal, topic)).map(dataOf)).toEqual(["after the deletion"]);
    const told: LiveEvent[] = [];
    await follower.journal.follow(topic, (live) => told.push(live));
    await toldLiveAgain(publisher, told);
  });

  it("changes when an older copy of the journal was restored", async () => {
    const proxy = await open({ heartbeatMs: 400 });
    const { sequence } = await store(proxy.journal, topic, "one");
    await nats.stop();
    await nats.saveStore();
    await nats.restart();
    await eventually("it is back", () => proxy.listener.resyncs.length > 1);
    const old = epochOf(proxy);
    for (let index = 0; index < 10; index += 1) await store(proxy.journal, topic, `lost ${index}`);
    await nats.kill();
    await nats.restoreStore();
    await nats.restart();
    await eventually("the step back is seen", () => proxy.listener.epochs.length > 0);
    const [change] = proxy.listener.epochs;
    expect(proxy.listener.epochs).toEqual([{ epoch: epochOf(proxy), restarted: true, keptTo: expect.any(Number) }]);
    expect(change?.keptTo).toBeGreaterThanOrEqual(sequence);
    const [lost] = (await readAll(proxy.journal, topic)).slice(1);
    expect(lost).toBeUndefined();
    const next = await store(proxy.journal, topic, "after the change");
    expect(next.sequence).toBeGreaterThan(change?.keptTo ?? 0);
    expect(epochOf(proxy)).toBeGreaterThan(old);
  });

  it("is kept when a full journal pushes its record out", async () => {
    const proxy = await open({ heartbeatMs: 300, journal: { maxBytes: 1_048_576, maxEventsPerTopic: 100 } });
    const epoch = epochOf(proxy);
    const big = "x".repeat(100_000);
    for (let index = 0; index < 40; index += 1) await store(proxy.journal, topicNumber(index), big);
    const subject = natsSubjects(instance).in(natsSubjects(instance).epochToken);
    await eventually("the record is there again", () =>
      manager.streams.getMessage(journalStream(instance), { last_by_subj: subject }).then((found) => found !== null),
    );
    await proxy.journal.bounds();
    expect(epochOf(proxy)).toBe(epoch);
    expect(proxy.listener.epochs).toEqual([]);
  });

  it("is written again to prove that a sequence somebody asks for lies beyond the journal's end", async () => {
    const proxy = await open({ heartbeatMs: 600_000 });
    const { sequence } = await store(proxy.journal, topic, "one");
    expect(await proxy.journal.bounds(sequence)).toMatchObject({ lastSequence: sequence });
    expect(await proxy.journal.bounds(sequence + 100)).toMatchObject({ lastSequence: sequence + 1 });
    const record = natsSubjects(instance).in(natsSubjects(instance).epochToken);
    const newest = await manager.streams.getMessage(journalStream(instance), { last_by_subj: record });
    expect(newest?.seq).toBe(sequence + 1);
  });

  it("is written again about once an interval by all proxies together", async () => {
    const opened = await Promise.all(Array.from({ length: 5 }, () => open({ heartbeatMs: 400 })));
    const subject = natsSubjects(instance).out(natsSubjects(instance).epochToken);
    const beats: number[] = [];
    admin.subscribe(subject, { callback: () => void beats.push(Date.now()) });
    await eventually("eight beats", () => beats.length >= 8);
    const mean = ((beats.at(-1) ?? 0) - (beats[0] ?? 0)) / (beats.length - 1);
    expect(mean).toBeGreaterThan(300);
    expect(mean).toBeLessThan(700);
    expect(opened.flatMap((proxy) => proxy.listener.epochs)).toEqual([]);
  });

  it("tells a sign of loss when heartbeats stay away", async () => {
    const proxy = await open({ heartbeatMs: 200 });
    const info = await manager.streams.info(journalStream(instance));
    const { republish, ...config } = info.config;
    expect(republish).toBeDefined();
    // The client's own update keeps what it is not told.
    await admin.request(`$JS.API.STREAM.UPDATE.${journalStream(instance)}`, JSON.stringify(config));
    await eventually("a resync is asked for", () => proxy.listener.resyncs.includes("heartbeat"));
    const mended = await manager.streams.info(journalStream(instance));
    expect(mended.config.republish).toEqual(republish);
  });
});
