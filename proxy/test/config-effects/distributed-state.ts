import { connect } from "@nats-io/transport-node";
import { expect } from "vitest";
import { type EffectRow, withProxy } from "../testing/effect-row.ts";
import { type ProxyProcess, until } from "../testing/proxy-process.ts";
import { ready, withNats } from "../testing/with-nats.ts";

const peers = async (proxy: ProxyProcess): Promise<number> => {
  const metrics = await (await fetch(`http://127.0.0.1:${proxy.port}/metrics`)).text();
  return Number(/^revenprox_peers_connected (\d+)$/m.exec(metrics)?.[1]);
};

const isPeers = (proxy: ProxyProcess, count: number) =>
  until(`${count} peers`, async () => ((await peers(proxy)) === count ? true : undefined));

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
            REVENPROX_DISTRIBUTED_STATE__GOSSIP_INTERVAL_SEC: "1",
          };
          await withProxy(environment, async () => {
            await until("five announcements", () => times.length >= 5 || undefined, 9_000);
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
];
