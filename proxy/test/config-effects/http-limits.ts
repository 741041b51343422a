import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { type EffectRow, withFolder, withProxy } from "../testing/effect-row.ts";
import { type Engine, engines } from "../testing/engines.ts";
import { until } from "../testing/proxy-process.ts";
import { openStream, rawExchange } from "../testing/raw-stream.ts";
import { startWebhook } from "../testing/webhook-server.ts";

type Headers = Readonly<Record<string, string>>;

/** Status and Retry-After of an attempt to open a stream. */
const attempt = async (port: number, headers: Headers = {}) => {
  const response = await fetch(`http://127.0.0.1:${port}/events/a`, { headers });
  await response.body?.cancel();
  return { status: response.status, retryAfter: Number(response.headers.get("retry-after") ?? 0) };
};

const statuses = async (port: number, each: readonly Headers[]): Promise<readonly number[]> => {
  const found: number[] = [];
  for (const headers of each) found.push((await attempt(port, headers)).status);
  return found;
};

const publishStatus = async (port: number): Promise<number> =>
  (await fetch(`http://127.0.0.1:${port}/events/a`, { method: "POST", body: "x" })).status;

/** A PROXY protocol v2 header that says 1.2.3.4. */
const proxyHeader = Buffer.from("0d0a0d0a000d0a515549540a2111000c010203040a00000112340050", "hex");

const statusLine = async (port: number, before: Buffer): Promise<string> => {
  const request = Buffer.from(`GET /events/a HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  const stream = rawExchange(port, Buffer.concat([before, request]));
  const line = await until("an answer", () => stream.head().split("\r\n", 1)[0] || undefined);
  stream.close();
  return line;
};

const behind = [{ "x-forwarded-for": "1.1.1.1" }, { "x-forwarded-for": "2.2.2.2" }];

const trusting = (engine: Engine, range: string) => ({
  ...limited(1),
  REVENPROX_HTTP__ENGINE: engine,
  REVENPROX_HTTP__TRUSTED_PROXIES: range,
});

const behindTrusted = (engine: Engine): Promise<void> =>
  withProxy(trusting(engine, "127.0.0.0/8"), async ({ port }) => {
    expect(await statuses(port, [...behind, { "x-forwarded-for": "9.9.9.9, 1.1.1.1" }])).toEqual([200, 200, 429]);
    expect(await statusLine(port, proxyHeader)).toBe("HTTP/1.1 200 OK");
    expect(await statusLine(port, proxyHeader)).toBe("HTTP/1.1 429 Too Many Requests");
  });

const behindOthers = (engine: Engine): Promise<void> =>
  withProxy(trusting(engine, "10.0.0.0/8"), async ({ port }) => {
    expect(await statuses(port, behind)).toEqual([200, 429]);
    expect(await statusLine(port, proxyHeader)).toBe("HTTP/1.1 400 Bad Request");
  });

const limited = (limit: number): Headers => ({ REVENPROX_HTTP__RATE_LIMIT_PER_IP: String(limit) });

export const httpLimitsRows: readonly EffectRow[] = [
  {
    key: "http.rate_limit_per_ip",
    name: "what is more than it, streams and publishes together, is answered with 429 and logged",
    run: () =>
      withProxy(limited(3), async ({ port, output }) => {
        expect(await statuses(port, [{}, {}])).toEqual([200, 200]);
        expect(await publishStatus(port)).toBe(202);
        expect(await publishStatus(port)).toBe(429);
        // A third of the minute, less what has passed of it.
        const { retryAfter } = await attempt(port);
        expect([retryAfter > 0, retryAfter <= 20]).toEqual([true, true]);
        await until("the log", () => output().includes("WARN] Rate limit exceeded for IP 127.0.0.1\n") || undefined);
        const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
        expect(metrics).toContain('revenprox_refusals_total{reason="rate_limit"} 2');
      }),
  },
  {
    key: "http.rate_limit_window_sec",
    name: "the time in which the limit comes back",
    run: async () => {
      await withProxy({ ...limited(1), REVENPROX_HTTP__RATE_LIMIT_WINDOW_SEC: "1" }, async ({ port }) => {
        expect(await statuses(port, [{}])).toEqual([200]);
        await until("the next turn", async () => ((await attempt(port)).status === 200 ? true : undefined));
      });
      await withProxy({ ...limited(1), REVENPROX_HTTP__RATE_LIMIT_WINDOW_SEC: "600" }, async ({ port }) => {
        await attempt(port);
        expect((await attempt(port)).retryAfter).toBeGreaterThan(590);
      });
    },
  },
  {
    key: "http.trusted_proxies",
    name: "clients behind them are told apart; PROXY protocol and headers of others are not believed",
    run: async () => {
      await Promise.all(engines.map(behindTrusted));
      await Promise.all(engines.map(behindOthers));
    },
  },
  {
    key: "http.eventsource_soft_refusals",
    name: "true: a browser is told when to come back; others are refused as ever",
    run: async () => {
      const browser = { accept: "text/event-stream", "sec-fetch-dest": "empty", "sec-fetch-mode": "cors" };
      const refusedBrowser = async (port: number): Promise<string> => {
        await attempt(port);
        const lines = Object.entries(browser).map(([name, value]) => `${name}: ${value}\r\n`);
        const head = `GET /events/a HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n${lines.join("")}\r\n`;
        const stream = rawExchange(port, head);
        await until("the whole answer", () => stream.raw().toString().split("\r\n\r\n")[1] || undefined);
        stream.close();
        return stream.raw().toString();
      };
      await withProxy({ ...limited(1), REVENPROX_HTTP__EVENTSOURCE_SOFT_REFUSALS: "true" }, async ({ port }) => {
        expect(await refusedBrowser(port)).toMatch(
          /^HTTP\/1\.1 200 OK\r\n[\s\S]*text\/event-stream[\s\S]*retry: \d+\n\nevent: revenprox\.error\ndata: \{"code":"rate_limited","status":429\}\n\n/,
        );
        expect((await attempt(port)).status).toBe(429);
      });
      await withProxy(limited(1), async ({ port }) => {
        expect(await refusedBrowser(port)).toMatch(/^HTTP\/1\.1 429 /);
      });
    },
  },
  {
    key: "http.publish_rate_per_key",
    name: "a key may publish so often, another key has its own share",
    run: () =>
      withFolder(async (folder) => {
        await writeFile(join(folder, "one"), "a-secret-of-20-chars");
        await writeFile(join(folder, "two"), "another-of-20-chars!");
        const environment = { REVENPROX_HTTP__PUBLISH_KEYS_DIR: folder, REVENPROX_HTTP__PUBLISH_RATE_PER_KEY: "1" };
        await withProxy(environment, async ({ port }) => {
          const publishAs = async (secret: string): Promise<number> => {
            const headers = { authorization: `Bearer ${secret}` };
            return (await fetch(`http://127.0.0.1:${port}/events/a`, { method: "POST", body: "x", headers })).status;
          };
          const burst = await Promise.all(Array.from({ length: 10 }, () => publishAs("a-secret-of-20-chars")));
          expect(burst).toContain(202);
          expect(burst).toContain(429);
          expect(await publishAs("another-of-20-chars!")).toBe(202);
          await until("the next turn", async () =>
            (await publishAs("a-secret-of-20-chars")) === 202 ? true : undefined,
          );
        });
      }),
  },
  {
    key: "http.max_streams_per_token",
    name: "a token may have so many streams open, another token has its own, and a closed one makes room",
    run: async () => {
      const webhook = await startWebhook();
      const environment = {
        REVENPROX_JWT_VERIFIER__WEBHOOK_URL: webhook.url,
        REVENPROX_HTTP__MAX_STREAMS_PER_TOKEN: "2",
      };
      const opened = async (port: number, token: string) => {
        const stream = openStream(port, "/events/a", { Authorization: `Bearer ${token}` });
        await until("an answer", () => stream.head() || undefined);
        return { stream, status: stream.head().split(" ", 2)[1] };
      };
      try {
        await withProxy(environment, async ({ port }) => {
          const streams = [await opened(port, "mine"), await opened(port, "mine"), await opened(port, "other")];
          expect(streams.map(({ status }) => status)).toEqual(["200", "200", "200"]);
          expect((await opened(port, "mine")).status).toBe("429");
          streams[0]?.stream.close();
          await until("room", async () => ((await opened(port, "mine")).status === "200" ? true : undefined));
        });
      } finally {
        await webhook.close();
      }
    },
  },
];
