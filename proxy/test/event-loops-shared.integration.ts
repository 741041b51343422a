import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { childrenOf, lives } from "./testing/loop-processes.ts";
import {
  api,
  closeAll,
  type LoopsStage,
  loopsStage,
  openMany,
  publishEach,
  streamCount,
  texts,
} from "./testing/loops-stage.ts";
import { runProxy, startProxyProcess, until } from "./testing/proxy-process.ts";
import { openStream, type RawStream } from "./testing/raw-stream.ts";
import { untilSample } from "./testing/scrape.ts";

let stage: LoopsStage;
beforeAll(async () => {
  stage = await loopsStage();
});
afterAll(() => stage.stop());

describe("the port of three event loops", () => {
  test("when the supervisor is killed no loop is left on the port, and the next proxy gets it", () =>
    stage.withLoops(3, async (proxy) => {
      const children = childrenOf(proxy.child.pid);
      expect(children).toHaveLength(3);
      proxy.child.kill("SIGKILL");
      await proxy.exited;
      await stage.withLoops(2, async (next) => expect(next.port).toBe(proxy.port), {
        REVENPROX_HTTP__BIND_ADDRESS: `127.0.0.1:${proxy.port}`,
      });
      await until("the loops to be gone", () => !children.some(lives) || undefined);
    }));

  test("nobody else gets its port, and it takes nobody else's", () =>
    stage.withLoops(3, async (proxy) => {
      const same = { REVENPROX_HTTP__BIND_ADDRESS: `127.0.0.1:${proxy.port}` };
      const refused = await Promise.all([
        runProxy([], { ...stage.environment(2), ...same }),
        runProxy([], { ...same, REVENPROX_MANAGEMENT__BIND_ADDRESS: "127.0.0.1:0" }),
      ]);
      for (const { code, output } of refused) {
        expect(code).toBe(1);
        expect(output).toMatch(/Cannot start: cannot listen on 127\.0\.0\.1:\d+: (another process listens|the port)/);
      }
      const alone = await startProxyProcess();
      const other = await runProxy([], {
        ...stage.environment(2),
        REVENPROX_HTTP__BIND_ADDRESS: `127.0.0.1:${alone.port}`,
      });
      await alone.stop();
      expect([other.code, other.output]).toMatchObject([1, expect.stringContaining("another process listens there")]);
    }));
});

describe("limits of three event loops", () => {
  test("streams of all loops count for max_connections", () =>
    stage.withLoops(
      3,
      async (proxy) => {
        const streams: RawStream[] = [];
        const knock = async (): Promise<number> => {
          const stream = openStream(proxy.port, "/events/full");
          await until("an answer", () => stream.head() !== "" || undefined);
          const status = Number(stream.head().split(" ")[1]);
          if (status === 200) streams.push(stream);
          else stream.close();
          return status;
        };
        // What one loop admits reaches the others within milliseconds, on a busy machine later.
        const knockInTurn = async (): Promise<number> => {
          const status = await knock();
          await new Promise((resolve) => setTimeout(resolve, 400));
          return status;
        };
        for (let count = 0; count < 6; count += 1) await knockInTurn();
        const refused = await Promise.all(Array.from({ length: 20 }, knock));
        expect(refused).toEqual(refused.map(() => 503));
        expect(streams).toHaveLength(5);
        expect(await api(proxy, "connections")).toMatchObject({ max_connections_effective: 5, total_created: 5 });
        await until("it to say so", async () =>
          (await fetch(`http://127.0.0.1:${proxy.managementPort}/readyz`)).status === 503 ? true : undefined,
        );
        streams.pop()?.close();
        await until("room for one more", async () => ((await knockInTurn()) === 200 ? true : undefined));
        closeAll(streams);
      },
      { REVENPROX_HTTP__MAX_CONNECTIONS: "5" },
    ));

  test("requests at all loops count for rate_limit_per_ip", () =>
    stage.withLoops(
      3,
      async ({ port }) => {
        const post = async (): Promise<number> => {
          const headers = { connection: "close" };
          const answer = await fetch(`http://127.0.0.1:${port}/events/rate`, { method: "POST", body: "x", headers });
          return answer.status;
        };
        const statuses: number[] = [];
        for (let count = 0; count < 12; count += 1) {
          statuses.push(await post());
          await new Promise((resolve) => setTimeout(resolve, 250));
        }
        expect(statuses.filter((status) => status === 202).length).toBe(9);
        expect(await Promise.all(Array.from({ length: 12 }, post))).toEqual(Array(12).fill(429));
      },
      { REVENPROX_HTTP__RATE_LIMIT_PER_IP: "9", REVENPROX_HTTP__RATE_LIMIT_WINDOW_SEC: "86400" },
    ));
});

/** Heartbeats say how many streams a proxy has. */
const talkative = {
  REVENPROX_DISTRIBUTED_STATE__GOSSIP_INTERVAL_SEC: "1",
  REVENPROX_DISTRIBUTED_STATE__PEER_TIMEOUT_SEC: "30",
};

interface Seen {
  readonly proxies: readonly { readonly id: string; readonly subscribers: number }[];
  readonly peers: readonly { readonly id: string; readonly connections: number }[];
}

test("two proxies with several loops each are two peers, and share what is published", () =>
  stage.withLoops(
    2,
    (one) =>
      stage.withLoops(
        2,
        async (other) => {
          const streams = await openMany(other, "both");
          await publishEach(one, "both", texts(0, 10));
          await Promise.all(streams.map((stream) => stream.waitFor("event 9.")));
          await untilSample(one, "peers_connected", (peers) => peers === 1);
          await until("the streams of the other", async () => {
            const { proxies } = (await api(one, "topics/both")) as Seen;
            return proxies.some(({ id, subscribers }) => id === "other" && subscribers === streamCount) || undefined;
          });
          await until("the other's word of all its streams", async () => {
            const { peers } = (await api(one, "peers")) as Seen;
            expect(peers.map(({ id }) => id)).toEqual(["other"]);
            return peers[0]?.connections === streamCount || undefined;
          });
          closeAll(streams);
        },
        { ...talkative, REVENPROX_PROXY_ID: "other", REVENPROX_NATS__INSTANCE: stage.instance() },
      ),
    talkative,
  ));

test("node:http shares its port, too", () =>
  stage.withLoops(
    2,
    async (proxy) => {
      const streams = await openMany(proxy, "node");
      await publishEach(proxy, "node", texts(0, 10));
      await Promise.all(streams.map((stream) => stream.waitFor("event 9.")));
      closeAll(streams);
    },
    { REVENPROX_HTTP__ENGINE: "node" },
  ));

test("several loops without NATS are a fault of the configuration, and 0 is then one", async () => {
  const refused = await runProxy([], { REVENPROX_HTTP__THREAD_POOL_SIZE: "2" });
  expect(refused.code).toBe(2);
  expect(refused.output).toMatch(/thread_pool_size.*needs nats\.servers/i);
  const alone = await startProxyProcess({ REVENPROX_HTTP__THREAD_POOL_SIZE: "0" });
  expect(childrenOf(alone.child.pid)).toEqual([]);
  await alone.stop();
});
