import { readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { type EffectRow, withEachEngine, withFolder, withProxy } from "../testing/effect-row.ts";
import { childrenOf } from "../testing/loop-processes.ts";
import { type ProxyProcess, until } from "../testing/proxy-process.ts";
import { openStream, type RawStream } from "../testing/raw-stream.ts";
import { withNats } from "../testing/with-nats.ts";

/** Status of a publish to the data plane. */
const publishStatus = async (port: number, body: string, headers: Record<string, string> = {}): Promise<number> =>
  (await fetch(`http://127.0.0.1:${port}/events/a`, { method: "POST", body, headers })).status;

const openMany = async (port: number, count: number): Promise<readonly RawStream[]> => {
  const streams = Array.from({ length: count }, () => openStream(port, "/events/a"));
  await Promise.all(streams.map((stream) => stream.waitFor("id: ")));
  return streams;
};

/** Seconds from SIGTERM to the end of the last of `count` streams. */
const drainSeconds = async (proxy: ProxyProcess, count: number): Promise<number> => {
  const streams = await openMany(proxy.port, count);
  const began = Date.now();
  proxy.child.kill("SIGTERM");
  await Promise.all(streams.map((stream) => stream.closed));
  return (Date.now() - began) / 1_000;
};

const foreignPage = { origin: "https://elsewhere.example" };

export const httpRows: readonly EffectRow[] = [
  {
    key: "http.max_topics_per_stream",
    name: "a stream of more topics is refused",
    run: () =>
      withProxy({ REVENPROX_HTTP__MAX_TOPICS_PER_STREAM: "2" }, async ({ port }) => {
        const refused = await fetch(`http://127.0.0.1:${port}/events?topic=a&topic=b&topic=c`);
        expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining("at most 2 topics")]);
        const two = openStream(port, "/events?topic=a&topic=b&topic=a");
        await two.waitFor("id: ");
        two.close();
      }),
  },
  {
    key: "http.max_replay_events",
    name: "last may ask for no more",
    run: () =>
      withProxy({ REVENPROX_HTTP__MAX_REPLAY_EVENTS: "3" }, async ({ port }) => {
        for (let index = 0; index < 5; index += 1) expect(await publishStatus(port, `event ${index}`)).toBe(202);
        expect((await fetch(`http://127.0.0.1:${port}/events/a?last=4`)).status).toBe(400);
        const stream = openStream(port, "/events/a?last=3");
        expect(await stream.waitFor("event 4")).not.toContain("event 1");
        stream.close();
      }),
  },
  {
    key: "http.bind_address",
    name: "the data plane listens there and nowhere else",
    run: () =>
      withProxy({ REVENPROX_HTTP__BIND_ADDRESS: "127.0.0.7:0" }, async ({ port }) => {
        expect((await fetch(`http://127.0.0.7:${port}/health`)).status).toBe(200);
        await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow("fetch failed");
      }),
  },
  {
    key: "http.allow_unauthenticated",
    name: "true: a foreign page may publish, on any address; false: it may not, on this machine only",
    run: async () => {
      const anywhere = { REVENPROX_HTTP__BIND_ADDRESS: "0.0.0.0:0" };
      await withProxy({ ...anywhere, REVENPROX_HTTP__ALLOW_UNAUTHENTICATED: "true" }, async (proxy) => {
        expect(await publishStatus(proxy.port, "x", foreignPage)).toBe(202);
        expect((await fetch(`http://127.0.0.2:${proxy.port}/health`)).status).toBe(200);
      });
      await withProxy(anywhere, async (proxy) => {
        expect(await publishStatus(proxy.port, "x", foreignPage)).toBe(403);
        await expect(fetch(`http://127.0.0.2:${proxy.port}/health`)).rejects.toThrow("fetch failed");
      });
    },
  },
  {
    key: "http.publish_keys_dir",
    name: "only the keys in the folder may publish",
    run: () =>
      withFolder(async (folder) => {
        await writeFile(join(folder, "mine"), "a-secret-of-20-chars");
        await withProxy({ REVENPROX_HTTP__PUBLISH_KEYS_DIR: folder }, async ({ port }) => {
          expect(await publishStatus(port, "x")).toBe(401);
          expect(await publishStatus(port, "x", { authorization: "Bearer a-secret-of-20-chars" })).toBe(202);
        });
      }),
  },
  {
    key: "http.thread_pool_size",
    name: "so many processes share the port, and each takes streams",
    run: () =>
      withNats((nats) =>
        withProxy({ REVENPROX_NATS__SERVERS: nats.url, REVENPROX_HTTP__THREAD_POOL_SIZE: "2" }, async (proxy) => {
          const streams = await openMany(proxy.port, 30);
          const sockets = childrenOf(proxy.child.pid).map((pid) => readdirSync(`/proc/${pid}/fd`).length);
          expect(sockets).toHaveLength(2);
          expect(Math.max(...sockets) - Math.min(...sockets)).toBeLessThan(30);
          for (const stream of streams) stream.close();
        }),
      ),
  },
  {
    key: "http.max_connections",
    name: "one stream more is refused",
    run: () =>
      withProxy({ REVENPROX_HTTP__MAX_CONNECTIONS: "2" }, async ({ port }) => {
        const streams = await openMany(port, 2);
        expect((await fetch(`http://127.0.0.1:${port}/events/a`)).status).toBe(503);
        for (const stream of streams) stream.close();
      }),
  },
  {
    key: "http.keepalive_interval_sec",
    name: "a quiet stream gets a comment line within it",
    run: () =>
      withProxy({ REVENPROX_HTTP__KEEPALIVE_INTERVAL_SEC: "1" }, async ({ port }) => {
        const [stream] = await openMany(port, 1);
        await until("two keepalives", () => (stream?.text().match(/^:$/gm) ?? []).length >= 2 || undefined, 6_000);
        stream?.close();
      }),
  },
  {
    key: "http.retry_ms",
    name: "the first chunk tells it",
    run: () =>
      withProxy({ REVENPROX_HTTP__RETRY_MS: "7654" }, async ({ port }) => {
        const [stream] = await openMany(port, 1);
        expect(stream?.text()).toMatch(/^retry: 7654\n/);
        stream?.close();
      }),
  },
  {
    key: "http.max_event_size",
    name: "a body of this size is taken, one byte more is not",
    run: () =>
      withProxy({ REVENPROX_HTTP__MAX_EVENT_SIZE: "2000" }, async ({ port }) => {
        expect(await publishStatus(port, "x".repeat(2_000))).toBe(202);
        expect(await publishStatus(port, "x".repeat(2_001))).toBe(413);
      }),
  },
  {
    key: "http.cors_allowed_origins",
    name: "only these origins are allowed to read",
    run: () =>
      withProxy({ REVENPROX_HTTP__CORS_ALLOWED_ORIGINS: "https://app.example" }, async ({ port }) => {
        const allowed = async (origin: string): Promise<string | null> =>
          (await fetch(`http://127.0.0.1:${port}/events/a`, { method: "HEAD", headers: { origin } })).headers.get(
            "access-control-allow-origin",
          );
        expect(await allowed("https://app.example")).toBe("https://app.example");
        expect(await allowed("https://other.example")).toBeNull();
      }),
  },
  {
    key: "http.batch_window_ms",
    name: "events that come one after the other within the window are one chunk",
    run: () =>
      withEachEngine({ REVENPROX_HTTP__BATCH_WINDOW_MS: "100" }, async ({ port }) => {
        const stream = openStream(port, "/events/a");
        await stream.waitFor("id: ");
        // Each publish is answered before the next: without a window each event is a write of its own.
        const chunkOfTwo = /\r\n[0-9a-f]+\r\nid: \S+\ndata: x\n\nid: \S+\ndata: x\n\n/;
        await until("two events in one chunk", async () => {
          for (let count = 0; count < 3; count += 1) expect(await publishStatus(port, "x")).toBe(202);
          return chunkOfTwo.test(stream.raw().toString("latin1")) || undefined;
        });
        stream.close();
      }),
  },
  {
    key: "http.shutdown_grace_period_sec",
    name: "the last stream ends 5 s before its end, whatever the rate",
    run: () =>
      withProxy(
        { REVENPROX_HTTP__SHUTDOWN_GRACE_PERIOD_SEC: "10", REVENPROX_HTTP__DRAIN_RATE_PER_SEC: "1" },
        async (proxy) => {
          // At the rate alone it would be 40.
          expect(await drainSeconds(proxy, 40)).toBeLessThan(25);
          expect(await proxy.exited).toBe(0);
        },
      ),
  },
  {
    key: "http.drain_rate_per_sec",
    name: "streams end at this rate",
    run: () =>
      withProxy({ REVENPROX_HTTP__DRAIN_RATE_PER_SEC: "10" }, async (proxy) => {
        const seconds = await drainSeconds(proxy, 20);
        expect(seconds).toBeGreaterThan(1);
        expect(seconds).toBeLessThan(20);
      }),
  },
];
