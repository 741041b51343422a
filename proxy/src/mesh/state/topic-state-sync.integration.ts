import { randomUUID } from "node:crypto";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { natsServer } from "@revenprox/cluster";
import { proxyConfig } from "@revenprox/contract/config/proxy-config";
import { natsSubjects } from "@revenprox/contract/nats-subjects";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TopicId } from "../../hub/event.ts";
import { topicNumber } from "../testing/event-text.ts";
import { eventually } from "../testing/eventually.ts";
import { type NatsProcess, startNats } from "../testing/nats-process.ts";
import { openProxyJournal, type ProxyJournal } from "../testing/proxy-journal.ts";
import { systemClock } from "../testing/system-clock.ts";
import { writeHeartbeat } from "./heartbeat-message.ts";
import { topicIn } from "./testing/heartbeats.ts";
import { TopicStateSync } from "./topic-state-sync.ts";

interface Running {
  readonly sync: TopicStateSync;
  readonly proxy: ProxyJournal;
  readonly topics: Map<TopicId, number>;
  readonly lines: string[];
  sent: number;
  malformed: number;
}

const instance = randomUUID();
const subjects = natsSubjects(instance);
const running: Running[] = [];
let nats: NatsProcess;
let stranger: NatsConnection;

beforeAll(async () => {
  nats = await startNats({ program: await natsServer() });
  stranger = await connect({ servers: nats.url, maxReconnectAttempts: -1 });
});
afterAll(async () => {
  await Promise.all(running.map(({ proxy }) => proxy.journal.close()));
  await stranger.close();
  await nats.dispose();
});

const start = (proxyId: string, maxTopicsPerPeer = 1_000): Running => {
  const proxy = openProxyJournal({ url: nats.url, instance, proxyId });
  const topics = new Map<TopicId, number>();
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  const sync = new TopicStateSync({
    clock: systemClock,
    monotonic: () => performance.now(),
    random: Math.random,
    log: { debug: say, info: say, warn: say, error: say },
    bus: proxy.journal.bus,
    instance,
    distributedState: proxyConfig.parse({
      distributedState: { gossipIntervalSec: 0.5, peerTimeoutSec: 3, maxSubscriptionEvents: 50, maxTopicsPerPeer },
    }).distributedState,
    proxyId,
    build: "test",
    subscribers: (topicId) => topics.get(topicId) ?? 0,
    connections: () => 2,
    onSent: () => {
      one.sent += 1;
    },
    onMalformed: () => {
      one.malformed += 1;
    },
  });
  const one: Running = { sync, proxy, topics, lines, sent: 0, malformed: 0 };
  sync.start();
  running.push(one);
  return one;
};

const peersOf = ({ sync }: Running): string[] =>
  sync
    .peers()
    .map(({ id }) => id)
    .toSorted();

const change = (one: Running, topicId: TopicId, count: number): void => {
  one.topics.set(topicId, count);
  one.sync.audienceChanged(topicId);
};

const countsAt = async (one: Running, topicId: TopicId): Promise<Record<string, number>> =>
  Object.fromEntries((await one.sync.audience(topicId)).counts);

const sees = (one: Running, topicId: TopicId, expected: Readonly<Record<string, number>>) =>
  eventually(
    `${JSON.stringify(expected)} on ${topicId}`,
    async () => {
      const counts = await countsAt(one, topicId);
      return Object.entries(expected).every(([id, count]) => counts[id] === count);
    },
    20_000,
  );

describe("proxies on one bus", () => {
  it("know each other and each other's topics", async () => {
    const [a, b, c] = [start("a"), start("b"), start("c")];
    await eventually(
      "everybody knows everybody",
      () => [a, b, c].every((one) => one.sync.peers().length === 2),
      20_000,
    );
    expect(peersOf(a)).toEqual(["b", "c"]);
    expect(a.sync.peers()[0]).toMatchObject({ build: "test", protocol: 2, connections: 2 });
    change(b, topicNumber(1), 3);
    change(c, topicNumber(1), 1);
    await sees(a, topicNumber(1), { b: 3, c: 1 });
    change(b, topicNumber(1), 0);
    await sees(a, topicNumber(1), { b: 0, c: 1 });
    expect(a.sent).toBeGreaterThan(0);
    await eventually("the lag is short", () => a.sync.lagSeconds() < 1, 20_000);
  });

  it("tell a newcomer what they have, in parts", async () => {
    const [a] = running;
    if (a === undefined) throw new Error("not started");
    for (let number = 0; number < 400; number += 1) change(a, topicIn(number % 256, number), 1);
    const [, b] = running;
    await eventually(
      "the changes were told",
      () => b?.sync.peers().some(({ id, topics }) => id === "a" && topics >= 400) === true,
      20_000,
    );
    const parts: number[] = [];
    stranger.subscribe(`${subjects.prefix}.state.to.*`, {
      callback: (_, message) => void parts.push(message.data.length),
    });
    await stranger.flush();
    const late = start("late");
    await eventually(
      "all topics of a are held",
      () => late.sync.peers().some(({ id, knowledge, topics }) => id === "a" && knowledge === "held" && topics >= 400),
      20_000,
    );
    await sees(late, topicIn(7, 7), { a: 1, b: 0, c: 0 });
    expect(parts.length).toBeGreaterThan(5);
    await late.sync.stop();
  });

  it("of whom one has too many topics for another are asked", async () => {
    const small = start("small", 100);
    await eventually(
      "a is counted",
      () => small.sync.peers().some(({ id, knowledge }) => id === "a" && knowledge === "counted"),
      20_000,
    );
    await sees(small, topicIn(7, 7), { a: 1, b: 0 });
    expect(small.lines.join("\n")).toContain(
      "Peer a has 400 topics, more than distributed_state.max_topics_per_peer (100)",
    );
    await small.sync.stop();
  });

  it("of whom one is of protocol 1 count its streams by asking", async () => {
    const [a] = running;
    if (a === undefined) throw new Error("not started");
    const say = () =>
      stranger.publish(
        subjects.presence,
        writeHeartbeat({
          kind: "heartbeat",
          proxyId: "old",
          epoch: 1,
          protocol: 1,
          build: "0.1",
          topics: 1,
          connections: 1,
          bye: false,
        }),
      );
    const beats = setInterval(say, 300);
    stranger.subscribe(subjects.censusAll, {
      callback: (_, message) => {
        const token = message.string();
        const answer = JSON.stringify({ v: 1, token, proxyId: "old", subscribers: 7 });
        stranger.publish(subjects.censusAnswer(token.slice(0, 18)), answer);
      },
    });
    await sees(a, topicNumber(2), { old: 7, b: 0 });
    clearInterval(beats);
  });

  it("forget one at once with a farewell, and after the time-out without one", async () => {
    const [a, b, c] = running;
    if (a === undefined || b === undefined || c === undefined) throw new Error("not started");
    await b.sync.stop();
    await eventually("b is gone", () => !peersOf(a).includes("b"), 20_000);
    expect(a.lines).toContain("Peer b has said goodbye");
    await c.proxy.journal.close();
    await eventually("c is gone in time", () => !peersOf(a).includes("c"), 20_000);
  });

  it("are level again after an outage of the bus in which topics have changed", async () => {
    const [a] = running;
    if (a === undefined) throw new Error("not started");
    const d = start("d");
    await eventually("d is known", () => peersOf(a).includes("d"), 20_000);
    await nats.kill();
    await eventually("the lag grows", () => d.sync.lagSeconds() > 1.2, 20_000);
    change(d, topicNumber(3), 5);
    change(a, topicIn(7, 7), 9);
    await nats.restart();
    await sees(a, topicNumber(3), { d: 5 });
    await sees(d, topicIn(7, 7), { a: 9 });
    expect(d.sync.lagSeconds()).toBeLessThan(20);
  });

  it("take no notice of what is no state message, but count it", async () => {
    const [a] = running;
    const before = a?.malformed ?? 0;
    // NATS was restarted just before: until the client has come back a round trip fails.
    await eventually("the stranger is connected", () => stranger.rtt().catch(() => undefined));
    for (const subject of [subjects.presence, subjects.delta]) stranger.publish(subject, "hello");
    await eventually("they are counted", () => a !== undefined && a.malformed >= before + 2);
  });
});
