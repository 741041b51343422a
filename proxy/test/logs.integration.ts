import { Agent, request } from "node:http";
import { describe, expect, test } from "vitest";
import { withProxy } from "./testing/effect-row.ts";
import { type ProxyProcess, until } from "./testing/proxy-process.ts";
import { openStream, publish } from "./testing/raw-stream.ts";
import { startTraceReceiver } from "./testing/trace-receiver.ts";
import { startWebhook } from "./testing/webhook-server.ts";

const textForm = /^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (DEBUG|INFO|WARN|ERROR)\] \S.*$/;

const linesOf = (proxy: ProxyProcess): readonly string[] => proxy.output().trimEnd().split("\n");

const recordsOf = (proxy: ProxyProcess): readonly Record<string, unknown>[] =>
  linesOf(proxy).map((line) => JSON.parse(line) as Record<string, unknown>);

/** Posts so often over a few kept connections and returns how many answers had each status. */
const flood = async (port: number, times: number): Promise<ReadonlyMap<number, number>> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const statuses = new Map<number, number>();
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const post = request({ port, host: "127.0.0.1", path: "/events/t", method: "POST", agent }, (response) => {
        const status = response.statusCode ?? 0;
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        response.resume().once("end", resolve);
      });
      post.once("error", reject).end("x");
    });
  let left = times;
  const lane = async (): Promise<void> => {
    for (; left > 0; ) {
      left -= 1;
      await one();
    }
  };
  await Promise.all(Array.from({ length: 20 }, lane));
  agent.destroy();
  return statuses;
};

const setLevel = ({ managementPort }: ProxyProcess, level: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${managementPort}/api/v1/log-level`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ level }),
  });

describe("what a proxy writes", () => {
  test("text: every line is of the seed's form", () =>
    withProxy({ REVENPROX_LOG_LEVEL: "debug" }, async (proxy) => {
      const stream = openStream(proxy.port, "/events/t");
      await stream.waitFor("id: ");
      stream.close();
      await until("the stream's end", () => proxy.output().includes("Stream closed") || undefined, 60_000);
      expect(linesOf(proxy).filter((line) => !textForm.test(line))).toEqual([]);
      expect(proxy.output()).toMatch(/Z INFO\] HTTP server started on 127\.0\.0\.1:\d+\n/);
    }));

  test("json: every line has timestamp, level, message, bind_address and proxy_id first", () =>
    withProxy({ REVENPROX_LOG_FORMAT: "json", REVENPROX_PROXY_ID: "proxy-1" }, async (proxy) => {
      const records = recordsOf(proxy);
      expect(records.length).toBeGreaterThan(2);
      for (const record of records) {
        expect(Object.keys(record).slice(0, 5)).toEqual(["timestamp", "level", "message", "bind_address", "proxy_id"]);
        expect(record).toMatchObject({
          timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
          level: expect.stringMatching(/^(DEBUG|INFO|WARN|ERROR)$/),
          proxy_id: "proxy-1",
        });
      }
    }));

  test("at info no event, stream or request is a line", () =>
    withProxy({}, async (proxy) => {
      const before = proxy.output();
      const streams = Array.from({ length: 20 }, () => openStream(proxy.port, "/events/t"));
      await Promise.all(streams.map((stream) => stream.waitFor("id: ")));
      for (let index = 0; index < 200; index += 1) await publish(proxy.port, "t", `event ${index}.`);
      await Promise.all(streams.map((stream) => stream.waitFor("event 199.")));
      for (const stream of streams) stream.close();
      await setLevel(proxy, "debug");
      const last = openStream(proxy.port, "/events/t");
      await last.waitFor("id: ");
      await until("the level to be debug", () => proxy.output().includes("Stream opened") || undefined, 60_000);
      const between = proxy.output().slice(before.length).split("\n");
      expect(between.filter((line) => line.includes(" INFO]") && !/level/i.test(line))).toEqual([]);
      expect(between.filter((line) => line.includes("Stream opened"))).toHaveLength(1);
      last.close();
    }));

  test("the level changes while the proxy runs, both ways", () =>
    withProxy({}, async (proxy) => {
      const streamAt = async (level: string): Promise<void> => {
        expect((await setLevel(proxy, level)).status).toBe(200);
        const stream = openStream(proxy.port, "/events/t");
        await stream.waitFor("id: ");
        stream.close();
      };
      const count = (): number => proxy.output().match(/Stream opened/g)?.length ?? 0;
      await streamAt("debug");
      await until("the line", () => (count() === 1 ? true : undefined), 60_000);
      await streamAt("error");
      await streamAt("debug");
      await until("the second line", () => (count() >= 2 ? true : undefined), 60_000);
      expect(count()).toBe(2);
    }));

  test("10,000 refused requests are a handful of lines, and their number", () =>
    withProxy(
      { REVENPROX_HTTP__RATE_LIMIT_PER_IP: "1", REVENPROX_HTTP__RATE_LIMIT_WINDOW_SEC: "3600" },
      async (proxy) => {
        const began = Date.now();
        const statuses = await flood(proxy.port, 10_001);
        expect([...statuses].toSorted()).toEqual([
          [202, 1],
          [429, 10_000],
        ]);
        const about = (): readonly string[] =>
          linesOf(proxy).filter((line) => line.includes("Rate limit exceeded for IP 127.0.0.1"));
        const leftOut = (): number =>
          about().reduce((sum, line) => sum + Number(/\] (\d+) more lines? in 10 s like: /.exec(line)?.[1] ?? 0), 0);
        const first = about().filter((line) => /\] Rate limit exceeded for IP 127\.0\.0\.1$/.test(line));
        expect(first.length).toBeGreaterThanOrEqual(1);
        // A window of ten seconds has one such line and its number; a slow machine needs a few.
        await until(
          "all to be told",
          () => (leftOut() + about().filter((line) => /\] Rate/.test(line)).length === 10_000 ? true : undefined),
          60_000,
        );
        expect(about().length).toBeLessThanOrEqual(4 + (2 * (Date.now() - began)) / 10_000);
      },
    ));

  test("a failed verification has the seed's line, at its level, with the request's trace; no secret is written at any level", async () => {
    const webhook = await startWebhook(() => ({ body: { valid: true }, delayMs: 5_000 }));
    const receiver = await startTraceReceiver();
    const environment = {
      REVENPROX_LOG_FORMAT: "json",
      REVENPROX_LOG_LEVEL: "debug",
      REVENPROX_TRACING__ENDPOINT: receiver.url,
      REVENPROX_JWT_VERIFIER__WEBHOOK_URL: webhook.url,
      REVENPROX_JWT_VERIFIER__ALLOW_PRIVATE_ADDRESSES: "true",
      REVENPROX_JWT_VERIFIER__RETRY_ATTEMPTS: "0",
      REVENPROX_JWT_VERIFIER__TIMEOUT_MS: "200",
    };
    await withProxy(environment, async (proxy) => {
      const traceId = "0af7651916cd43dd8448eb211c80319c";
      const answer = await fetch(`http://127.0.0.1:${proxy.port}/events/t?token=query-secret`, {
        headers: { authorization: "Bearer header-secret", traceparent: `00-${traceId}-b7ad6b7169203331-01` },
      });
      expect(answer.status).toBe(503);
      await fetch(`http://127.0.0.1:${proxy.port}/events/t?token=query-secret`);
      const failed = await until(
        "the line",
        () => recordsOf(proxy).find(({ message }) => message === "Webhook verification failed: timeout"),
        60_000,
      );
      expect(failed).toMatchObject({ level: "ERROR", trace_id: traceId });
      webhook.reply = () => ({ body: { valid: true } });
      const stream = openStream(proxy.port, "/events/t?token=query-secret", {
        traceparent: `00-${traceId}-b7ad6b7169203331-01`,
      });
      await stream.waitFor("id: ");
      const opened = await until("the stream's line", () =>
        recordsOf(proxy).find(({ message }) => message === "Stream opened"),
      );
      expect(opened).toMatchObject({ connection_id: 1, topics: 1, trace_id: traceId });
      stream.close();
      await until("its end", () => recordsOf(proxy).find(({ message }) => message === "Stream closed"), 60_000);
      expect(proxy.output()).not.toMatch(/query-secret|header-secret/);
    });
    await receiver.close();
    await webhook.close();
  });
});
