import { EventSource } from "eventsource";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { engines, startOn } from "./testing/engines.ts";
import { type ProxyProcess, until } from "./testing/proxy-process.ts";
import { openStream, publish, rawExchange } from "./testing/raw-stream.ts";

const parsed = (text: string): readonly EventSourceMessage[] => {
  const events: EventSourceMessage[] = [];
  createParser({ onEvent: (event) => events.push(event) }).feed(text);
  return events;
};

const primed = (text: string): string | undefined => /^id: (\S+)$/m.exec(text)?.[1];

describe.each(engines)("on %s", (engine) => {
  let proxy: ProxyProcess;
  let base: string;

  beforeAll(async () => {
    // No keepalive, which would bring what a write has left out.
    proxy = await startOn(engine, { REVENPROX_HTTP__KEEPALIVE_INTERVAL_SEC: "3600" });
    base = `http://127.0.0.1:${proxy.port}`;
  });
  afterAll(() => proxy.stop());

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

    test("the line end of a chunk comes with it: clients of urllib3 wait for it", async () => {
      const stream = await opened("/events/chunks");
      const arrived = (text: string) => until(text, () => stream.raw().includes(text) || undefined, 20_000);
      await arrived("\n\n\r\n");
      await publish(proxy.port, "chunks", "alone");
      await arrived("data: alone\n\n\r\n");
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
      await until("the end of the last event", () => /y\n\n(:\n\n)?$/.test(stream.text()) || undefined);
      expect(parsed(stream.text()).map(({ data }) => Number(data.split(" ")[0]))).toEqual(
        Array.from({ length: 60 }, (_, index) => index),
      );
      expect(text.startsWith("retry: ")).toBe(true);
      stream.close();
    });
  });

  describe("the other paths", () => {
    test("health counts the streams", async () => {
      const connections = async () =>
        ((await (await fetch(`${base}/health`)).json()) as { connections: number }).connections;
      await until("the streams of other tests to be gone", async () =>
        (await connections()) === 0 ? true : undefined,
      );
      const stream = await opened("/events/health");
      const response = await fetch(`${base}/health`);
      expect([response.status, await response.json()]).toEqual([
        200,
        { status: "healthy", connections: 1, uptime_seconds: expect.any(Number) },
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
      expect(response.headers.get("content-length")).toBeNull();
    });

    test.each(["/health", "/events/head", "/nowhere"])("a connection goes on after HEAD %s", async (path) => {
      const exchange = rawExchange(proxy.port, `HEAD ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      await until("the whole head", () => (exchange.raw().includes("\r\n\r\n") ? true : undefined));
      exchange.socket.write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
      const text = () => exchange.raw().toString();
      await until("the next answer", () => (text().includes('"status":"healthy"') ? true : undefined), 30_000);
      expect(text()).toMatch(/^HTTP\/1\.1 \d{3} [^{]*HTTP\/1\.1 200 OK/);
      exchange.close();
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
});
