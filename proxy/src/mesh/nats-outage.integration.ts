import { randomUUID } from "node:crypto";
import { natsServer } from "@revenprox/cluster";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LiveEvent, PublishOutcome } from "../hub/ports.ts";
import type { Soon } from "../hub/soon.ts";
import { dataOf, event, readAll, store, topicNumber } from "./testing/event-text.ts";
import { eventually } from "./testing/eventually.ts";
import { type NatsProcess, startNats } from "./testing/nats-process.ts";
import { openProxyJournal, type ProxyJournal, type ProxyJournalOptions } from "./testing/proxy-journal.ts";

let nats: NatsProcess;
let proxies: ProxyJournal[] = [];

beforeEach(async () => {
  nats = await startNats({ program: await natsServer() });
});
afterEach(async () => {
  await Promise.all(proxies.map((proxy) => proxy.journal.close()));
  proxies = [];
  await nats.dispose();
});

const open = (options: Partial<ProxyJournalOptions> & { readonly instance: string }): ProxyJournal => {
  const proxy = openProxyJournal({ url: nats.url, proxyId: `proxy-${proxies.length}`, ...options });
  proxies.push(proxy);
  return proxy;
};

const topic = topicNumber(1);

/** All three connections have noticed that the server is gone. */
const noticed = (proxy: ProxyJournal): boolean =>
  proxy.lines.filter((line) => line.includes("Lost the connection")).length === 3;

describe("an outage of the NATS server", () => {
  it("loses nothing that was acknowledged and stores nothing twice when the server crashes under load", async () => {
    const options = { instance: randomUUID(), journal: { maxEventsPerTopic: 100_000 } };
    const publisher = open(options);
    const follower = open(options);
    await Promise.all([publisher.ready(), follower.ready()]);
    const told: LiveEvent[] = [];
    await follower.journal.follow(topic, (live) => told.push(live));

    const outcomes: { readonly data: string; readonly outcome: Soon<PublishOutcome> }[] = [];
    const ticker = setInterval(() => {
      const data = `event ${outcomes.length}`;
      outcomes.push({ data, outcome: publisher.journal.publish(topic, event(data)) });
    }, 2);
    await eventually("some events are published", () => outcomes.length > 300);
    await nats.kill();
    await eventually("the loss is noticed", () => !publisher.journal.connected && follower.listener.disconnects > 0);
    await nats.restart();
    await Promise.all([publisher.ready(), follower.ready()]);
    const before = outcomes.length;
    await eventually("more events are published", () => outcomes.length > before + 300);
    clearInterval(ticker);

    const settled = await Promise.all(outcomes.map(async ({ data, outcome }) => ({ data, outcome: await outcome })));
    const stored = settled.filter(({ outcome }) => outcome.kind === "stored").map(({ data }) => data);
    const readable = (await readAll(follower.journal, topic)).map(dataOf);
    expect(new Set(readable).size).toBe(readable.length);
    expect(stored.filter((data) => !readable.includes(data))).toEqual([]);
    expect(stored.length).toBeGreaterThan(600);
    expect(follower.listener.epochs).toEqual([]);
    await eventually("resync is told again", () => follower.listener.resyncs.length > 1);

    const last = await store(publisher.journal, topic, "the last one");
    await eventually("following goes on", () => told.at(-1)?.sequence === last.sequence);
  });

  it("answers publishes within their deadline while the server is down", async () => {
    const proxy = open({ instance: randomUUID(), journal: { publishTimeoutMs: 800 } });
    await proxy.ready();
    await nats.kill();
    await eventually("the loss is noticed", () => noticed(proxy));
    const before = Date.now();
    const waited = await proxy.journal.publish(topic, event("soon after the loss"));
    expect(waited.kind).toBe("unavailable");
    expect(Date.now() - before).toBeLessThan(1_500);
    const again = Date.now();
    expect(await proxy.journal.publish(topic, event("long after the loss"))).toEqual({ kind: "unavailable" });
    expect(Date.now() - again).toBeLessThan(100);
    await expect(proxy.journal.read(topic, 0)).rejects.toMatchObject({ name: "JournalUnavailable" });
    await expect(proxy.journal.tails([topic])).rejects.toMatchObject({ name: "JournalUnavailable" });
    await expect(proxy.journal.bounds()).rejects.toMatchObject({ name: "JournalUnavailable" });
    await expect(proxy.journal.follow(topic, () => undefined)).rejects.toMatchObject({ name: "JournalUnavailable" });
  });

  it("waits out a short outage: the event is stored once the server is back", async () => {
    const proxy = open({ instance: randomUUID() });
    await proxy.ready();
    await nats.kill();
    await eventually("the loss is noticed", () => noticed(proxy));
    const outcome = proxy.journal.publish(topic, event("patient"));
    await nats.restart();
    expect((await outcome).kind).toBe("stored");
    await proxy.ready();
    expect((await readAll(proxy.journal, topic)).map(dataOf)).toEqual(["patient"]);
  });

  it("starts without a server and is ready when one comes", async () => {
    await nats.stop();
    const proxy = open({ instance: randomUUID() });
    expect(proxy.journal.known).toBeUndefined();
    expect(await proxy.journal.publish(topic, event("too early"))).toEqual({ kind: "unavailable" });
    await eventually("the failure is logged", () => proxy.lines.some((line) => line.includes("connection refused")));
    await nats.restart();
    await proxy.ready();
    expect((await proxy.journal.publish(topic, event("now"))).kind).toBe("stored");
  });

  it("stays up against a server without JetStream and says so once", async () => {
    await nats.dispose();
    nats = await startNats({ program: await natsServer(), jetstream: false });
    const proxy = open({ instance: randomUUID() });
    const complaints = () => proxy.lines.filter((line) => line.includes("The journal cannot be used"));
    await eventually("the journal is refused", () => complaints().length > 0);
    expect(await proxy.journal.publish(topic, event("nowhere"))).toEqual({ kind: "unavailable" });
    expect(proxy.journal.connected).toBe(false);
    expect(complaints()).toHaveLength(1);
  });

  it("answers `busy` beyond its bound on publishes in flight", async () => {
    const proxy = open({ instance: randomUUID(), journal: { maxInFlight: 10, publishTimeoutMs: 500 } });
    await proxy.ready();
    const outcomes = Array.from({ length: 30 }, (_, index) => proxy.journal.publish(topic, event(`event ${index}`)));
    const kinds = (await Promise.all(outcomes)).map((outcome) => outcome.kind);
    expect(kinds.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => "stored"));
    expect(kinds.slice(10)).toEqual(Array.from({ length: 20 }, () => "busy"));
  });

  it("refuses an event that the server would not take, and keeps the connection", async () => {
    await nats.restart("max_payload: 4096");
    const proxy = open({ instance: randomUUID() });
    await proxy.ready();
    const outcome = await proxy.journal.publish(topic, event("x".repeat(4_096)));
    expect(outcome.kind).toBe("too-large");
    const limit = outcome.kind === "too-large" ? outcome.limit : 0;
    expect((await proxy.journal.publish(topic, event("x".repeat(limit)))).kind).toBe("stored");
    expect((await proxy.journal.publish(topic, event("x".repeat(limit + 1)))).kind).toBe("too-large");
  });
});
