import { EventSource } from "eventsource";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ProxyProcess, startProxyProcess, until } from "./testing/proxy-process.ts";
import { openStream, publish, rawExchange } from "./testing/raw-stream.ts";

let proxy: ProxyProcess;
let base: string;

beforeAll(async () => {
  proxy = await startProxyProcess();
  base = `http://127.0.0.1:${proxy.port}`;
});
afterAll(() => proxy.stop());

const parsed = (text: string): readonly EventSourceMessage[] => {
  const events: EventSourceMessage[] = [];
  createParser({ onEvent: (event) => events.push(event) }).feed(text);
  return events;
};

const primed = (text: string): string | undefined => /^id: (\S+)$/m.exec(text)?.[1];

/** Opens a stream and waits until it has its place in the topic. */
const opened = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
  const stream = openStream(proxy.port, path, headers);
  await until("the priming id", () => primed(stream.text()));
  return stream;
};

describe("subscribe and publish", () => {
  test("the first chunk carries the whole head, retry and an id", async () => {
    const stream = await opened("/events/first");
    expect(stream.head()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(stream.head()).toMatch(/\r\nContent-Type: text\/event-stream\r\n/);
    expect(stream.text()).toMatch(/^retry: \d+\n/);
    stream.close();
  });

  test("what is published arrives, with its id", async () => {
    const stream = await opened("/events/news");
    const id = await publish(proxy.port, "news", "line one\nline two\r\nline three");
    expect(parsed(await stream.waitFor("line three\n\n"))).toEqual([
      { id, event: undefined, data: "line one\nline two\nline three" },
    ]);
    stream.close();
  });

  test("JSON carries type and retry", async () => {
    const stream = await opened("/events/typed");
    const body = JSON.stringify({ data: "x", event: "tick", retry: 4_000 });
    await publish(proxy.port, "typed", body, { "content-type": "application/json" });
    const text = await stream.waitFor("data: x\n\n");
    expect(parsed(text)).toMatchObject([{ event: "tick", data: "x" }]);
    expect(text).toContain("retry: 4000\n");
    stream.close();
  });

  test.each(["Last-Event-ID", "lastEventId"])("a stream resumes by %s", async (by) => {
    const topic = `resume-${by}`;
    const [first, second, third] = [
      await publish(proxy.port, topic, "1"),
      await publish(proxy.port, topic, "2"),
      await publish(proxy.port, topic, "3"),
    ];
    const stream =
      by === "lastEventId"
        ? await opened(`/events/${topic}?lastEventId=${first}`)
        : await opened(`/events/${topic}`, { "Last-Event-ID": first });
    expect(parsed(await stream.waitFor("data: 3\n\n")).map(({ id, data }) => [id, data])).toEqual([
      [second, "2"],
      [third, "3"],
    ]);
    stream.close();
  });

  test("an id that is none is told as a gap", async () => {
    const stream = await opened("/events/gap", { "Last-Event-ID": "nonsense" });
    const [gap] = parsed(await stream.waitFor("revenprox.gap"));
    expect(JSON.parse(gap?.data ?? "")).toMatchObject({
      topic: "gap",
      from: null,
      reason: "invalid",
      recoverable: false,
    });
    stream.close();
  });

  test("npm eventsource, as a judge, reads it and resumes by itself", async () => {
    const received: string[] = [];
    const source = new EventSource(`${base}/events/judge`);
    await new Promise((resolve) => source.addEventListener("open", resolve, { once: true }));
    source.addEventListener("message", ({ data }) => received.push(data));
    source.addEventListener("tick", ({ data }) => received.push(`tick ${data}`));
    await publish(proxy.port, "judge", "plain");
    await publish(proxy.port, "judge", JSON.stringify({ data: "", event: "tick" }), {
      "content-type": "application/json",
    });
    await until("both events", () => (received.length === 2 ? received : undefined));
    expect(received).toEqual(["plain", "tick "]);
    source.close();
  });

  test("a large event arrives whole", async () => {
    const stream = await opened("/events/large");
    const data = "abcdefghij".repeat(26_000);
    await publish(proxy.port, "large", data);
    expect(parsed(await stream.waitFor("j\n\n"))[0]?.data).toBe(data);
    stream.close();
  });

  test("a slow reader with a long past gets all of it, byte for byte", async () => {
    const first = await publish(proxy.port, "long", "start");
    for (let index = 0; index < 60; index += 1) await publish(proxy.port, "long", `${index} ${"y".repeat(200_000)}`);
    const stream = openStream(proxy.port, "/events/long", { "Last-Event-ID": first });
    stream.socket.pause();
    setTimeout(() => stream.socket.resume(), 1_000);
    const text = await stream.waitFor("data: 59 ");
    await until("the end of the last event", () => (stream.text().endsWith("y\n\n") ? true : undefined));
    expect(parsed(stream.text()).map(({ data }) => Number(data.split(" ")[0]))).toEqual(
      Array.from({ length: 60 }, (_, index) => index),
    );
    expect(text.startsWith("retry: ")).toBe(true);
    stream.close();
  });
});

describe("the other paths", () => {
  test("health counts the streams", async () => {
    const before = (await (await fetch(`${base}/health`)).json()) as { connections: number };
    const stream = await opened("/events/health");
    const response = await fetch(`${base}/health`);
    expect([response.status, await response.json()]).toEqual([
      200,
      { status: "healthy", connections: before.connections + 1, uptime_seconds: expect.any(Number) },
    ]);
    stream.close();
  });

  test("HEAD of a topic has the head of a stream and no body", async () => {
    const response = await fetch(`${base}/events/head`, { method: "HEAD" });
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
      200,
      "text/event-stream",
      "",
    ]);
  });

  test("a preflight names no length, which a 204 must not have", async () => {
    const exchange = rawExchange(proxy.port, "OPTIONS /events/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await until("the whole head", () => (exchange.raw().includes("\r\n\r\n") ? true : undefined));
    expect(exchange.head()).not.toMatch(/content-length/i);
    exchange.close();
  });

  test("metrics are the same on both ports", async () => {
    const names = async (port: number) =>
      (await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).match(/^# TYPE .*$/gm);
    expect(await names(proxy.port)).toEqual(await names(proxy.managementPort));
  });

  test.each(["/livez", "/readyz", "/health", "/api/v1/connections", "/api/v1/peers", "/api/v1/log-level"])(
    "management %s",
    async (path) => {
      expect((await fetch(`http://127.0.0.1:${proxy.managementPort}${path}`)).status).toBe(200);
    },
  );
});

describe("hostile input gets a complete answer or a closed socket, and never harms", () => {
  const line = (request: string) => `${request} HTTP/1.1\r\nHost: 127.0.0.1\r\n`;
  test.each<[string, string, RegExp]>([
    ["malformed escape", `${line("GET /events/%zz")}\r\n`, /^HTTP\/1\.1 400 .*"code":"topic_invalid"/s],
    ["NUL", `${line("GET /events/a%00b")}\r\n`, /^HTTP\/1\.1 400 .*topic_invalid/s],
    ["raw bytes that are not UTF-8", `${line("GET /events/\xff\xfe")}\r\n`, /^HTTP\/1\.1 400 .*topic_invalid/s],
    ["header of 8 KiB", `${line("GET /health")}X: ${"y".repeat(8_192)}\r\n\r\n`, /^HTTP\/1\.1 200 /],
    ["token of 8 KiB in the path", `${line(`GET /events/a?token=${"y".repeat(8_192)}`)}\r\n`, /^HTTP\/1\.1 200 /],
    ["header of 200 KiB", `${line("GET /health")}X: ${"y".repeat(200_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ["path of 60 kB", `${line(`GET /events/${"y".repeat(60_000)}`)}\r\n`, /^HTTP\/1\.1 431 /],
    ["path of 10 kB", `${line(`GET /events/${"y".repeat(10_000)}`)}\r\n`, /^HTTP\/1\.1 400 .*topic_invalid/s],
    [
      "chunked body",
      `${line("POST /events/h")}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`,
      /^HTTP\/1\.1 202 /,
    ],
    [
      "chunked body beyond the limit",
      `${line("POST /events/h")}Transfer-Encoding: chunked\r\n\r\n${`1000\r\n${"z".repeat(4_096)}\r\n`.repeat(80)}0\r\n\r\n`,
      /^HTTP\/1\.1 413 .*event_too_large/s,
    ],
    [
      "announced too large",
      `${line("POST /events/h")}Content-Length: 99999999\r\n\r\nabc`,
      /^HTTP\/1\.1 413 .*event_too_large/s,
    ],
    ["Content-Length that is no number", `${line("POST /events/h")}Content-Length: abc\r\n\r\nxyz`, /^HTTP\/1\.1 400 /],
    [
      "both lengths",
      `${line("POST /events/h")}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      /^HTTP\/1\.1 400 /,
    ],
    ["not UTF-8", `${line("POST /events/h")}Content-Length: 2\r\n\r\n\xff\xfe`, /^HTTP\/1\.1 400 .*data_not_utf8/s],
    [
      "unknown JSON key",
      `${line("POST /events/h")}Content-Type: application/json\r\nContent-Length: 17\r\n\r\n{"data":"x","i":1}`.replace(
        "17",
        "18",
      ),
      /^HTTP\/1\.1 400 .*unknown key \\"i\\"/s,
    ],
    [
      "foreign Origin",
      `${line("POST /events/h")}Origin: https://evil.example\r\nContent-Length: 1\r\n\r\nx`,
      /^HTTP\/1\.1 403 .*origin_denied/s,
    ],
    [
      "foreign Host",
      "POST /events/h HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 1\r\n\r\nx",
      /^HTTP\/1\.1 403 .*origin_denied/s,
    ],
    ["unknown method", `${line("BREW /events/h")}\r\n`, /^HTTP\/1\.1 405 .*\r\nAllow: GET, HEAD, POST, OPTIONS\r\n/s],
    ["unknown path", `${line("GET /nothing")}\r\n`, /^HTTP\/1\.1 404 .*path_unknown/s],
    [
      "preflight",
      `${line("OPTIONS /events/h")}Origin: https://a.example\r\nAccess-Control-Request-Headers: last-event-id\r\n\r\n`,
      /^HTTP\/1\.1 204 .*last-event-id/s,
    ],
    ["no HTTP at all", "\x16\x03\x01\x02\x00\x01\r\n\r\n", /^HTTP\/1\.1 \d+ /],
  ])("%s", async (_name, request, expected) => {
    const exchange = rawExchange(proxy.port, Buffer.from(request, "latin1"));
    await until("the answer", () => (expected.test(exchange.raw().toString("latin1")) ? true : undefined), 5_000).catch(
      () => {
        expect(exchange.raw().toString("latin1").slice(0, 600)).toMatch(expected);
      },
    );
    exchange.close();
  });

  test("bodies that break off, streams that are cut and slow bodies leave nothing behind", async () => {
    for (let index = 0; index < 50; index += 1) {
      const broken = rawExchange(proxy.port, `${line("POST /events/h")}Content-Length: 100\r\n\r\nabc`);
      const cut = openStream(proxy.port, "/events/h");
      setTimeout(() => broken.socket.resetAndDestroy(), index % 7);
      setTimeout(() => cut.socket.resetAndDestroy(), index % 5);
      await Promise.all([broken.closed, cut.closed]);
    }
    await until("all streams to be gone", async () => {
      const { connections } = (await (await fetch(`${base}/health`)).json()) as { connections: number };
      return connections === 0 ? true : undefined;
    });
    expect(proxy.child.exitCode).toBeNull();
    expect(proxy.output()).not.toMatch(/ ERROR\]/);
  });

  test("a second request on the socket of a stream ends that stream, and only that", async () => {
    const stream = await opened("/events/pipelined");
    stream.socket.write(`${line("GET /health")}\r\n`);
    await stream.closed;
    expect((await fetch(`${base}/health`)).status).toBe(200);
  });
});
