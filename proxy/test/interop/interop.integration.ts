import { randomUUID } from "node:crypto";
import { natsServer } from "@revenprox/cluster";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type NatsProcess, startNats } from "../../src/mesh/testing/nats-process.ts";
import { type ProxyProcess, startProxyProcess, until } from "../testing/proxy-process.ts";
import { ready } from "../testing/with-nats.ts";
import { type PreviousBuild, unpackPreviousBuild } from "./previous-build.ts";
import { type RoamingClient, roamingClient } from "./roaming-client.ts";

const seconds = Number(process.env["REVENPROX_TEST_INTEROP_SECONDS"] ?? 15);
/** Generous: in good order all that is awaited takes a second or two. */
const withinMs = 120_000;

const topics = ["t0", "t1", "t2", "t3", "t4", "t5"];
const clientsPerTopic = 4;
const publishEveryMs = 40;
const moveEveryMs = 250;

let nats: NatsProcess;
let previous: PreviousBuild;
const proxies = new Map<string, ProxyProcess>();
const clients: RoamingClient[] = [];

beforeAll(async () => {
  previous = await unpackPreviousBuild();
});
afterAll(() => previous.dispose());

beforeEach(async () => {
  nats = await startNats({ program: await natsServer() });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all([...proxies.values()].map((proxy) => proxy.stop()));
  proxies.clear();
  await nats.dispose();
});

const start = async (id: string, build: "previous" | "present"): Promise<ProxyProcess> => {
  const environment = {
    REVENPROX_NATS__SERVERS: nats.url,
    REVENPROX_PROXY_ID: id,
    REVENPROX_DISTRIBUTED_STATE__GOSSIP_INTERVAL_SEC: "1",
    REVENPROX_DISTRIBUTED_STATE__PEER_TIMEOUT_SEC: "5",
    REVENPROX_JOURNAL__MAX_EVENTS_PER_TOPIC: "100000",
  };
  const proxy = await startProxyProcess(environment, [], build === "previous" ? previous.main : undefined);
  proxies.set(id, proxy);
  await ready(proxy);
  return proxy;
};

const ports = (): readonly number[] => [...proxies.values()].map(({ port }) => port);
const anyOf = <Item>(items: readonly Item[]): Item => items[Math.floor(Math.random() * items.length)] as Item;

/** Resolves when the journal has the event; the key makes a repetition the same event. */
const publishUntilStored = async (topic: string, data: string): Promise<void> => {
  const headers = { "Idempotency-Key": randomUUID() };
  await until(
    `the event ${data} to be stored`,
    async () => {
      const url = `http://127.0.0.1:${anyOf(ports())}/events/${topic}`;
      // A proxy that is being replaced refuses; the next try may meet another one.
      const response = await fetch(url, { method: "POST", body: data, headers }).catch(() => undefined);
      await response?.arrayBuffer();
      return response?.status === 202 || undefined;
    },
    withinMs,
  );
};

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** One event after the other on a topic, each at a proxy of either build; resolves with their data. */
const publisher = async (topic: string, end: number): Promise<readonly string[]> => {
  const accepted: string[] = [];
  while (Date.now() < end) {
    const data = `${topic} ${accepted.length}`;
    await publishUntilStored(topic, data);
    accepted.push(data);
    await wait(publishEveryMs);
  }
  return accepted;
};

const read = async <Answer>(proxy: ProxyProcess, path: string): Promise<Answer> =>
  (await (await fetch(`http://127.0.0.1:${proxy.managementPort}/api/v1/${path}`)).json()) as Answer;

/** What the present build knows of a peer's topics: `untold` is how it sees a build of protocol 1. */
const knowledge = async (proxy: ProxyProcess | undefined, id: string): Promise<string | undefined> => {
  if (proxy === undefined) return undefined;
  const { peers } = await read<{ peers: readonly { id: string; topics_known: string }[] }>(proxy, "peers");
  return peers.find((peer) => peer.id === id)?.topics_known;
};

const peerNames = async (proxy: ProxyProcess): Promise<string> =>
  (await read<{ peers: readonly { id: string }[] }>(proxy, "peers")).peers.map(({ id }) => id).join();

/** Every proxy, of whichever build, knows all the others and counts their streams. */
const level = async (): Promise<void> => {
  for (const [id, proxy] of proxies) {
    const others = [...proxies.keys()]
      .filter((other) => other !== id)
      .toSorted()
      .join();
    await until(`${id} knows ${others}`, async () => (await peerNames(proxy)) === others || undefined, withinMs);
    for (const topic of topics)
      await until(
        `${id} counts ${clientsPerTopic} streams on ${topic}`,
        async () => {
          const { subscribers, silent } = await read<{ subscribers: number; silent: readonly string[] }>(
            proxy,
            `topics/${topic}`,
          );
          return (subscribers === clientsPerTopic && silent.length === 0) || undefined;
        },
        withinMs,
      );
  }
};

test(`two builds on one bus lose nothing in ${seconds} s under load`, {
  timeout: seconds * 1_000 + 600_000,
}, async () => {
  await start("a", "previous");
  await start("b", "present");
  await start("c", "previous");
  await start("d", "present");
  for (const topic of topics)
    for (let index = 0; index < clientsPerTopic; index += 1) clients.push(roamingClient(topic, ports()[index] ?? 0));
  await level();
  expect(await knowledge(proxies.get("b"), "a")).toBe("untold");

  const end = Date.now() + seconds * 1_000;
  const published = Promise.all(topics.map((topic) => publisher(topic, end)));
  const halfway = Date.now() + seconds * 500;
  while (Date.now() < halfway) {
    anyOf(clients).moveTo(anyOf(ports()));
    await wait(moveEveryMs);
  }
  // The upgrade of one proxy in the middle of it: killed, and back under its name as the present build.
  const old = proxies.get("a");
  proxies.delete("a");
  await old?.stop();
  for (const client of clients) client.moveTo(anyOf(ports()));
  await start("a", "present");
  while (Date.now() < end) {
    anyOf(clients).moveTo(anyOf(ports()));
    await wait(moveEveryMs);
  }

  const accepted = new Map((await published).map((data, index) => [topics[index], data]));
  // Whoever is still behind then is shown below, with what it lacks.
  const deadline = Date.now() + withinMs;
  const isLevel = ({ topic, received }: RoamingClient) => received.length >= (accepted.get(topic)?.length ?? 0);
  while (!clients.every(isLevel) && Date.now() < deadline) await wait(50);
  for (const { topic, received, announced } of clients) {
    expect(received).toEqual(accepted.get(topic));
    expect(announced).toEqual([]);
  }
  await level();
  expect(await knowledge(proxies.get("b"), "a")).toBe("held");
  expect([...accepted.values()].flat().length).toBeGreaterThan(100);
});
