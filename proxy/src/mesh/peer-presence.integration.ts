import { randomUUID } from "node:crypto";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { natsServer } from "@revenprox/cluster";
import { natsSubjects } from "@revenprox/contract/nats-subjects";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PeerPresence } from "./peer-presence.ts";
import { eventually } from "./testing/eventually.ts";
import { type NatsProcess, startNats } from "./testing/nats-process.ts";
import { openProxyJournal, type ProxyJournal } from "./testing/proxy-journal.ts";
import { systemClock } from "./testing/system-clock.ts";

interface Running {
  readonly presence: PeerPresence;
  readonly proxy: ProxyJournal;
  sent: number;
  malformed: number;
}

const instance = randomUUID();
const running: Running[] = [];
let nats: NatsProcess;
let stranger: NatsConnection;

beforeAll(async () => {
  nats = await startNats({ program: await natsServer() });
  stranger = await connect({ servers: nats.url });
});
afterAll(async () => {
  await Promise.all(running.map(({ proxy }) => proxy.journal.close()));
  await stranger.close();
  await nats.dispose();
});

const start = (proxyId: string): Running => {
  const proxy = openProxyJournal({ url: nats.url, instance, proxyId });
  const quiet = () => undefined;
  const presence = new PeerPresence({
    clock: systemClock,
    random: Math.random,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    bus: proxy.journal.bus,
    instance,
    distributedState: { gossipIntervalSec: 1, peerTimeoutSec: 2 },
    proxyId,
    build: "test",
    load: () => ({ topics: 1, connections: 2 }),
    onSent: () => {
      one.sent += 1;
    },
    onMalformed: () => {
      one.malformed += 1;
    },
  });
  const one: Running = { presence, proxy, sent: 0, malformed: 0 };
  presence.start();
  running.push(one);
  return one;
};

const peersOf = (one: Running): string[] =>
  one.presence
    .peers()
    .map((peer) => peer.proxyId)
    .sort();

describe("the presence of proxies", () => {
  it("is known to all soon after the start, long before the next round of announcements", async () => {
    const [a, b, c] = [start("a"), start("b"), start("c")];
    await eventually(
      "everybody knows everybody",
      () => [a, b, c].every((one) => one.presence.peersConnected() === 2),
      900,
    );
    expect(peersOf(a)).toEqual(["b", "c"]);
    expect(a.presence.peers()[0]).toMatchObject({ build: "test", topics: 1, connections: 2 });
    expect(a.sent).toBeGreaterThan(0);
    expect(a.presence.lagSeconds()).toBeLessThan(1.5);
  });

  it("ends at once with a farewell, and after the time-out without one", async () => {
    const [a, b, c] = running;
    if (a === undefined || b === undefined || c === undefined) throw new Error("not started");
    await b.presence.stop();
    await eventually("b is gone at once", () => !peersOf(a).includes("b"), 500);
    expect(peersOf(a)).toEqual(["c"]);
    await c.proxy.journal.close();
    await eventually("c is gone in time", () => a.presence.peersConnected() === 0, 4_000);
  });

  it("comes back after an outage of the bus", async () => {
    const [a] = running;
    const d = start("d");
    await eventually("d is known", () => a !== undefined && peersOf(a).includes("d"));
    await nats.kill();
    await eventually("the lag grows", () => d.presence.lagSeconds() > 1.2);
    await nats.restart();
    await eventually("the lag is gone", () => d.presence.lagSeconds() < 1);
    await eventually("d is known again", () => a !== undefined && peersOf(a).includes("d"));
  });

  it("takes no notice of what is no presence message, but counts it", async () => {
    const [a] = running;
    await eventually("the stranger is connected", () => stranger.rtt().catch(() => undefined));
    stranger.publish(natsSubjects(instance).presence, "hello");
    await eventually("it is counted", () => a?.malformed === 1);
  });
});
