import { randomUUID } from "node:crypto";
import { natsServer } from "@revenprox/cluster";
import { journalStream } from "@revenprox/contract/nats-subjects";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LiveEvent, PublishOutcome } from "../hub/ports.ts";
import type { Soon } from "../hub/soon.ts";
import { dataOf, event, readAll, topicNumber } from "./testing/event-text.ts";
import { eventually } from "./testing/eventually.ts";
import { type NatsCluster, startNatsCluster } from "./testing/nats-cluster.ts";
import { openProxyJournal, type ProxyJournal } from "./testing/proxy-journal.ts";

const longMs = 90_000;
const topic = topicNumber(1);
let cluster: NatsCluster;
let instance: string;
let proxies: ProxyJournal[] = [];

beforeAll(async () => {
  cluster = await startNatsCluster(await natsServer());
});
afterAll(() => cluster.dispose());
beforeEach(() => {
  instance = randomUUID();
});
afterEach(async () => {
  await Promise.all(proxies.map((proxy) => proxy.journal.close()));
  proxies = [];
});

const journal = { replicas: 3, maxEventsPerTopic: 100_000, publishTimeoutMs: 30_000, maxInFlight: 10_000 };

const open = async (): Promise<ProxyJournal> => {
  const proxy = openProxyJournal({ url: cluster.urls, instance, journal, proxyId: `proxy-${proxies.length}` });
  proxies.push(proxy);
  await eventually("the journal is ready", () => proxy.journal.connected, longMs);
  return proxy;
};

/** Publishes without a pause until it is stopped; every event once. */
const publishing = (proxy: ProxyJournal) => {
  const sent: { readonly data: string; readonly outcome: Soon<PublishOutcome> }[] = [];
  const ticker = setInterval(() => {
    for (let each = 0; each < 5; each += 1) {
      const data = `event ${sent.length}`;
      sent.push({ data, outcome: proxy.journal.publish(topic, event(data), `${instance}-${sent.length}`) });
    }
  }, 5);
  return {
    count: () => sent.length,
    stop: async () => {
      clearInterval(ticker);
      return await Promise.all(sent.map(async ({ data, outcome }) => ({ data, outcome: await outcome })));
    },
  };
};

type Settled = Awaited<ReturnType<ReturnType<typeof publishing>["stop"]>>;

const mustBeExact = async (settled: Settled, reader: ProxyJournal): Promise<void> => {
  const readable = (await readAll(reader.journal, topic)).map(dataOf);
  expect(new Set(readable).size).toBe(readable.length);
  const stored = settled.filter(({ outcome }) => outcome.kind === "stored").map(({ data }) => data);
  const there = new Set(readable);
  expect(stored.filter((data) => !there.has(data))).toEqual([]);
  const refused = settled.filter(({ outcome }) => outcome.kind === "unavailable" || outcome.kind === "busy");
  expect(refused.filter(({ data }) => there.has(data))).toEqual([]);
};

/** What was told live, and what a nudge or a comparison with the journal would still bring. */
const mustBeFound = async (told: readonly LiveEvent[], settled: Settled, follower: ProxyJournal): Promise<void> => {
  const last = Math.max(...settled.map(({ outcome }) => (outcome.kind === "stored" ? outcome.cursor.sequence : 0)));
  // A copy that lags may answer, but says how far it goes.
  await eventually("a comparison shows the last event", async () => {
    const { last: tails } = await follower.journal.tails([topic]);
    return tails.get(topic) === last;
  });
  const known = new Set(told.map(({ sequence }) => sequence));
  let passed = 0;
  for (const { sequence, previous } of told) {
    // A loss shows as a predecessor that was not told, or at the end by the comparison above.
    if (previous > passed) expect(known.has(previous)).toBe(false);
    passed = sequence;
  }
};

describe("publishing to a journal of three copies", () => {
  const stepDown = () => cluster.stepDown(journalStream(instance));
  const killLeader = async (): Promise<void> => {
    const leader = await cluster.leaderOf(journalStream(instance));
    await leader.kill();
    const another = async () => (await cluster.leaderOf(journalStream(instance))) !== leader;
    await eventually("another server leads", another, longMs);
    await leader.restart();
  };

  it.each([
    { what: "its leader steps down", fault: stepDown, connectionsStay: true },
    { what: "its leader is killed", fault: killLeader, connectionsStay: false },
  ])("loses and doubles nothing when $what in the middle", async ({ fault, connectionsStay }) => {
    const [publisher, follower] = await Promise.all([open(), open()]);
    const told: LiveEvent[] = [];
    await follower.journal.follow(topic, (live) => told.push(live));
    const load = publishing(publisher);
    await eventually("some events", () => load.count() > 500);
    await fault();
    const before = load.count();
    await eventually("more events", () => load.count() > before + 500, longMs);
    const settled = await load.stop();
    await eventually("both are ready", () => publisher.journal.connected && follower.journal.connected, longMs);
    expect(settled.filter(({ outcome }) => outcome.kind === "stored").length).toBeGreaterThan(500);
    await mustBeExact(settled, follower);
    await mustBeFound(told, settled, follower);
    expect(follower.listener.epochs).toEqual([]);
    expect(follower.listener.resyncs).toContain("leader-elected");
    if (!connectionsStay) return;
    // Every repetition that was answered as a duplicate has been told to the topic's followers.
    const doubtful = settled.flatMap(({ outcome }) =>
      outcome.kind === "stored" && outcome.duplicate === true ? [outcome.cursor.sequence] : [],
    );
    await eventually("they are nudged", () => {
      const nudged = new Set(follower.listener.nudges.map(({ sequence }) => sequence));
      return doubtful.every((sequence) => nudged.has(sequence));
    });
  });

  it("stores a batch as a whole or not at all when the leader steps down in the middle", async () => {
    const publisher = await open();
    expect(publisher.journal.mostTogether).toBe(1_000);
    const outcomes: Promise<{ readonly batch: number; readonly outcome: PublishOutcome }>[] = [];
    const size = 50;
    const send = (batch: number) =>
      publisher.journal
        .publishTogether(
          topic,
          Array.from({ length: size }, (_, line) => event(`${batch} ${line}`)),
        )
        .then((outcome) => ({ batch, outcome }));
    const ticker = setInterval(() => outcomes.push(send(outcomes.length)), 20);
    await eventually("some batches", () => outcomes.length > 20);
    await cluster.stepDown(journalStream(instance));
    const before = outcomes.length;
    await eventually("more batches", () => outcomes.length > before + 20, longMs);
    clearInterval(ticker);
    const settled = await Promise.all(outcomes);
    const counts = new Map<number, number>();
    const reader = await open();
    for (const stored of await readAll(reader.journal, topic)) {
      const batch = Number.parseInt(dataOf(stored) ?? "", 10);
      counts.set(batch, (counts.get(batch) ?? 0) + 1);
    }
    expect(new Set(counts.values())).toEqual(new Set([size]));
    for (const { batch, outcome } of settled) {
      if (outcome.kind === "stored") expect(counts.get(batch)).toBe(size);
      if (outcome.kind === "unavailable") expect(counts.has(batch)).toBe(false);
    }
    expect(settled.filter(({ outcome }) => outcome.kind === "stored").length).toBeGreaterThan(20);
  });
});
