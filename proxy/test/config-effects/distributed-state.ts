import { connect } from "@nats-io/transport-node";
import { expect } from "vitest";
import { type EffectRow, withProxy } from "../testing/effect-row.ts";
import { type ProxyProcess, until } from "../testing/proxy-process.ts";
import { openStream } from "../testing/raw-stream.ts";
import { ready, withNats } from "../testing/with-nats.ts";

const peers = async (proxy: ProxyProcess): Promise<number> => {
  const metrics = await (await fetch(`http://127.0.0.1:${proxy.port}/metrics`)).text();
  return Number(/^revenprox_peers_connected (\d+)$/m.exec(metrics)?.[1]);
};

const isPeers = (proxy: ProxyProcess, count: number) =>
  until(`${count} peers`, async () => ((await peers(proxy)) === count ? true : undefined));

const topicsKnown = async (proxy: ProxyProcess): Promise<string | undefined> => {
  const answer = await fetch(`http://127.0.0.1:${proxy.managementPort}/api/v1/peers`);
  const {
    peers: [peer],
  } = (await answer.json()) as { peers: readonly { topics_known: string }[] };
  return peer?.topics_known;
};

export const distributedStateRows: readonly EffectRow[] = [
  {
    key: "distributed_state.gossip_interval_sec",
    name: "the proxy announces itself that often",
    run: () =>
      withNats(async (nats) => {
        const connection = await connect({ servers: nats.url, reconnect: false });
        try {
          const times: number[] = [];
          connection.subscribe("revenprox.default.state.presence", { callback: () => void times.push(Date.now()) });
          await connection.flush();
          const environment = {
            REVENPROX_NATS__SERVERS: nats.url,
            REVENPROX_DISTRIBUTED_STATE__GOSSIP_INTERVAL_SEC: "0.5",
          };
          await withProxy(environment, async () => {
            // At the default of 5 s there would be seven.
            await until("so many announcements", () => times.length >= 12 || undefined, 30_000);
          });
          expect(times.at(-1)).toBeGreaterThan((times[0] ?? 0) + 2_000);
        } finally {
          await connection.close();
        }
      }),
  },
  {
    key: "distributed_state.peer_timeout_sec",
    name: "a peer that died is forgotten after it",
    run: () =>
      withNats((nats) => {
        const proxy = (id: string) => ({
          REVENPROX_NATS__SERVERS: nats.url,
          REVENPROX_PROXY_ID: id,
          REVENPROX_DISTRIBUTED_STATE__GOSSIP_INTERVAL_SEC: "1",
          REVENPROX_DISTRIBUTED_STATE__PEER_TIMEOUT_SEC: "3",
        });
        return withProxy(proxy("a"), (a) =>
          withProxy(proxy("b"), async (b) => {
            await Promise.all([ready(a), ready(b)]);
            await isPeers(a, 1);
            await b.stop();
            const began = Date.now();
            await isPeers(a, 0);
            expect(Date.now() - began).toBeGreaterThan(1_000);
          }),
        );
      }),
  },
  {
    key: "distributed_state.max_subscription_events",
    name: "no message to the peers holds more changes, and so many are told at once",
    run: () =>
      withNats(async (nats) => {
        const connection = await connect({ servers: nats.url, reconnect: false });
        try {
          const told: number[] = [];
          connection.subscribe("revenprox.default.state.delta", {
            // After the line of JSON, 16 bytes of id and one of count for each topic.
            callback: (_, { data }) => void told.push((data.length - data.indexOf(0x0a) - 1) / 17),
          });
          await connection.flush();
          const environment = {
            REVENPROX_NATS__SERVERS: nats.url,
            REVENPROX_DISTRIBUTED_STATE__MAX_SUBSCRIPTION_EVENTS: "2",
            // Without the key, the changes would be gathered for half a second, and told as one.
            REVENPROX_DISTRIBUTED_STATE__GOSSIP_INTERVAL_SEC: "300",
            REVENPROX_DISTRIBUTED_STATE__PEER_TIMEOUT_SEC: "600",
          };
          await withProxy(environment, async (proxy) => {
            await ready(proxy);
            const stream = openStream(proxy.port, "/events?topic=a&topic=b&topic=c&topic=d");
            await until("all changes", () => told.reduce((sum, count) => sum + count, 0) >= 4 || undefined);
            stream.close();
          });
          expect(Math.max(...told)).toBe(2);
        } finally {
          await connection.close();
        }
      }),
  },
  {
    key: "distributed_state.max_topics_per_peer",
    name: "of a peer with more topics only the number is known, and it is asked",
    run: () =>
      withNats((nats) => {
        const proxy = (id: string, most: string) => ({
          REVENPROX_NATS__SERVERS: nats.url,
          REVENPROX_PROXY_ID: id,
          REVENPROX_DISTRIBUTED_STATE__GOSSIP_INTERVAL_SEC: "0.5",
          REVENPROX_DISTRIBUTED_STATE__MAX_TOPICS_PER_PEER: most,
        });
        return withProxy(proxy("a", "1"), (a) =>
          withProxy(proxy("b", "2"), async (b) => {
            await Promise.all([ready(a), ready(b)]);
            const streams = [a, b].map(({ port }) => openStream(port, "/events?topic=a&topic=b"));
            await until("what each knows of the other", async () => {
              const known = await Promise.all([a, b].map(topicsKnown));
              return (known[0] === "counted" && known[1] === "held") || undefined;
            });
            await until("the streams of the other", async () => {
              const answer = await fetch(`http://127.0.0.1:${a.managementPort}/api/v1/topics/a`);
              const { subscribers } = (await answer.json()) as { subscribers: number };
              return subscribers === 2 || undefined;
            });
            for (const stream of streams) stream.close();
          }),
        );
      }),
  },
];
