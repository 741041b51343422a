import { natsServer } from "@revenprox/cluster";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type NatsProcess, startNats } from "../src/mesh/testing/nats-process.ts";
import { type ProxyProcess, startProxyProcess, until } from "./testing/proxy-process.ts";
import { openStream, type RawStream } from "./testing/raw-stream.ts";
import { ready } from "./testing/with-nats.ts";

/** Generous: what is awaited takes two heartbeats of 0.2 s, or the peer time-out of 2 s. */
const withinMs = 60_000;

let nats: NatsProcess;
const proxies = new Map<string, ProxyProcess>();
const streams: RawStream[] = [];

beforeEach(async () => {
  nats = await startNats({ program: await natsServer() });
});
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.close();
  await Promise.all([...proxies.values()].map((proxy) => proxy.stop()));
  proxies.clear();
  await nats.dispose();
});

const start = async (id: string): Promise<ProxyProcess> => {
  const proxy = await startProxyProcess({
    REVENPROX_NATS__SERVERS: nats.url,
    REVENPROX_PROXY_ID: id,
    REVENPROX_DISTRIBUTED_STATE__GOSSIP_INTERVAL_SEC: "0.2",
    REVENPROX_DISTRIBUTED_STATE__PEER_TIMEOUT_SEC: "2",
  });
  proxies.set(id, proxy);
  await ready(proxy);
  return proxy;
};

const listen = async (proxy: ProxyProcess, topic: string): Promise<void> => {
  const stream = openStream(proxy.port, `/events/${topic}`);
  streams.push(stream);
  await stream.waitFor("id: ");
};

interface PeerAnswer {
  readonly id: string;
  readonly topics: number;
  readonly topics_known: string;
}

const read = async <Answer>(proxy: ProxyProcess, path: string): Promise<Answer> =>
  (await (await fetch(`http://127.0.0.1:${proxy.managementPort}/api/v1/${path}`)).json()) as Answer;

const peers = async (proxy: ProxyProcess): Promise<readonly PeerAnswer[]> =>
  (await read<{ peers: readonly PeerAnswer[] }>(proxy, "peers")).peers;

/** Waits until the proxy knows exactly these peers with so many topics each, and holds all of them. */
const knows = (proxy: ProxyProcess, expected: Readonly<Record<string, number>>) =>
  until(
    `peers ${JSON.stringify(expected)}`,
    async () => {
      const found = await peers(proxy);
      const held = found.every(({ topics_known }) => topics_known === "held");
      const counts = Object.fromEntries(found.map(({ id, topics }) => [id, topics]));
      return (held && JSON.stringify(counts) === JSON.stringify(expected)) || undefined;
    },
    withinMs,
  );

const counts = (proxy: ProxyProcess, topic: string, expected: Readonly<Record<string, number>>) =>
  until(
    `streams ${JSON.stringify(expected)} on ${topic}`,
    async () => {
      const { proxies: all, silent } = await read<{
        proxies: readonly { id: string; subscribers: number }[];
        silent: readonly string[];
      }>(proxy, `topics/${topic}`);
      const found = Object.fromEntries(
        all.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map((one) => [one.id, one.subscribers]),
      );
      return (silent.length === 0 && JSON.stringify(found) === JSON.stringify(expected)) || undefined;
    },
    withinMs,
  );

test("three proxies know each other's topics through a crash, a halt and a restart", { timeout: 600_000 }, async () => {
  const [a, b, c] = [await start("a"), await start("b"), await start("c")];
  for (const proxy of [b, c, c]) await listen(proxy, "shared");
  for (let number = 0; number < 20; number += 1) await listen(c, `own-${number}`);
  await counts(a, "shared", { a: 0, b: 1, c: 2 });
  await knows(a, { b: 1, c: 21 });

  // A crash: forgotten after the time-out, and what it had with it.
  await b.stop();
  await knows(a, { c: 21 });
  await counts(a, "shared", { a: 0, c: 2 });

  // A halt: forgotten, and known again with what changed elsewhere meanwhile.
  c.child.kill("SIGSTOP");
  await knows(a, {});
  await listen(a, "shared");
  c.child.kill("SIGCONT");
  await knows(a, { c: 21 });
  await counts(c, "shared", { a: 1, c: 2 });

  // A restart under the same id begins with nothing.
  const again = await start("b");
  await knows(a, { b: 0, c: 21 });
  await listen(again, "shared");
  await counts(c, "shared", { a: 1, b: 1, c: 2 });
  await counts(again, "own-7", { a: 0, b: 0, c: 1 });
  expect(await peers(again)).toHaveLength(2);
});
