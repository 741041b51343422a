import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { engines, startOn } from "./testing/engines.ts";
import { type Expected, heads, inputs, line, post, smuggling } from "./testing/hostile-requests.ts";
import { type ProxyProcess, until } from "./testing/proxy-process.ts";
import { openStream, rawExchange } from "./testing/raw-stream.ts";

/** Milliseconds after which both engines have given up a request that does not go on. */
const givenUpMs = 60_000;
/** The promise is one second; on a machine with much else to do, only the long run holds to it. */
const slowestHealthMs = process.env["REVENPROX_TEST_CYCLES"] === undefined ? 20_000 : 1_000;

describe.each(engines)("on %s", (engine) => {
  let proxy: ProxyProcess;
  beforeAll(async () => {
    proxy = await startOn(engine, { REVENPROX_HTTP__SLOW_CLIENT_TIMEOUT_SEC: "5" });
  });
  afterAll(() => proxy.stop());

  const connections = async (): Promise<number> => {
    const began = performance.now();
    const health = (await (await fetch(`http://127.0.0.1:${proxy.port}/health`)).json()) as { connections: number };
    expect(performance.now() - began, "/health took too long").toBeLessThan(slowestHealthMs);
    return health.connections;
  };

  const check = async (request: string, expected: Expected): Promise<void> => {
    const exchange = rawExchange(proxy.port, Buffer.from(request, "latin1"));
    const got = () => exchange.raw().toString("latin1");
    if (expected === "closed") {
      await until("the connection to be closed", () => (exchange.socket.destroyed ? true : undefined), givenUpMs);
      expect(got()).toBe("");
      return;
    }
    // What came in its place says more than that the time is over.
    await until("an answer", () => (expected.test(got()) ? true : undefined), 30_000).catch(() => {
      expect(got().slice(0, 600)).toMatch(expected);
    });
    if (/\r\nConnection: close\r\n/i.test(exchange.head()))
      await until("the close that was announced", () => (exchange.socket.destroyed ? true : undefined), givenUpMs);
    exchange.close();
  };

  describe.concurrent.each([
    ["input", inputs],
    ["head", heads],
    ["framing", smuggling],
  ] as const)("a hostile %s gets a complete answer or a closed socket", (_what, cases) => {
    test.each(cases)("%s", async (_name, request, expected) => {
      await check(request, typeof expected === "string" || expected instanceof RegExp ? expected : expected[engine]);
    });
  });

  test("nothing that was smuggled was carried out", async () => {
    const stream = openStream(proxy.port, "/events/smuggled?last=10", { "Last-Event-ID": "0-0" });
    await stream.waitFor("revenprox.gap");
    expect(stream.text()).not.toContain("data: x\n");
    stream.close();
  });

  test("early aborts at each stage leave nothing behind", async () => {
    const stages = [
      "",
      "GET /eve",
      line("GET /events/h"),
      `${line("GET /events/h")}\r\n`,
      post("Content-Length: 100\r\n", ""),
      post("Content-Length: 100\r\n", "abc"),
      post("Transfer-Encoding: chunked\r\n", "5\r\nab"),
      post("Content-Length: 3\r\n", "abc"),
      `${line("GET /metrics")}\r\n`,
    ];
    for (let round = 0; round < 20; round += 1) {
      const exchanges = stages.map((stage) => rawExchange(proxy.port, stage));
      for (const [index, { socket }] of exchanges.entries()) {
        const leave = (): void => void (round % 2 === 0 ? socket.resetAndDestroy() : socket.destroy());
        setTimeout(leave, (round + index) % 9);
      }
      await Promise.all(exchanges.map(({ closed }) => closed));
    }
    await until("all streams to be gone", async () => ((await connections()) === 0 ? true : undefined));
    expect(proxy.output()).not.toMatch(/ ERROR\]/);
  });

  test("pipelined requests are answered in their order", async () => {
    const paths = ["/health", "/nothing", "/health", "/events/", "/health"];
    const exchange = rawExchange(proxy.port, paths.map((path) => `${line(`GET ${path}`)}\r\n`).join(""));
    const statuses = () =>
      exchange
        .raw()
        .toString()
        .match(/HTTP\/1\.1 \d+/g);
    await until("all answers", () => (statuses()?.length === paths.length ? true : undefined));
    expect(statuses()?.map((status) => Number(status.slice(-3)))).toEqual([200, 404, 200, 400, 200]);
    exchange.close();
  });

  test("a second request on the socket of a stream ends that stream, and only that", async () => {
    const stream = openStream(proxy.port, "/events/pipelined");
    const other = openStream(proxy.port, "/events/pipelined");
    await Promise.all([stream.waitFor("id: "), other.waitFor("id: ")]);
    stream.socket.write(`${line("GET /health")}\r\n`);
    await stream.closed;
    expect(other.socket.destroyed).toBe(false);
    other.close();
  });

  test("many streams asked for on one socket never become more than one", async () => {
    const greedy = rawExchange(proxy.port, `${line("GET /events/greedy")}\r\n`.repeat(50));
    await greedy.closed;
    await until("all streams to be gone", async () => ((await connections()) === 0 ? true : undefined));
  });

  test("garbage on the socket of a stream ends it and is no event in it", async () => {
    const stream = openStream(proxy.port, "/events/garbage");
    const before = await stream.waitFor("id: ");
    stream.socket.write("\0\0 nonsense \r\n\r\n");
    await until("the end", () => (stream.socket.destroyed ? true : undefined), givenUpMs);
    // uWebSockets.js writes its own refusal behind the chunks: the client sees broken framing and connects anew.
    const end = stream.body();
    if (end.kind === "broken") expect(engine).toBe("uws");
    else expect(end.body.toString()).toBe(before);
  });

  test("a half-closed socket gets its answer or a clean close", async () => {
    const half = rawExchange(proxy.port, "");
    half.socket.end(`${line("GET /health")}\r\n`);
    await half.closed;
    expect(half.raw().toString()).toMatch(/^(HTTP\/1\.1 200 .*\}\n)?$/s);
    const stream = openStream(proxy.port, "/events/half");
    await stream.waitFor("id: ");
    stream.socket.end();
    await stream.closed;
    await until("the stream to be gone", async () => ((await connections()) === 0 ? true : undefined));
  });

  test("an HTTP/1.0 client gets an unframed stream from node:http", async () => {
    if (engine === "uws") return check("GET /events/old HTTP/1.0\r\n\r\n", /^HTTP\/1\.1 505 /);
    const stream = rawExchange(proxy.port, "GET /events/old HTTP/1.0\r\n\r\n");
    await until("the first bytes", () => (stream.raw().includes("id: ") ? true : undefined));
    expect(stream.head()).not.toMatch(/Transfer-Encoding/i);
    expect(stream.raw().toString().split("\r\n\r\n")[1]).toMatch(/^retry: \d+\nid: \S+\n\n$/);
    stream.close();
  });

  test("a line break in Last-Event-ID is a second header, and no id is believed", async () => {
    const stream = rawExchange(proxy.port, `${line("GET /events/h")}Last-Event-ID: 1-1\r\nX: \r\n\r\n`);
    await stream.waitFor("revenprox.gap");
    stream.close();
  });

  test("readers that never read are cut, and nobody else waits for them", async () => {
    const dead = Array.from({ length: 20 }, () => openStream(proxy.port, "/events/dead"));
    await Promise.all(dead.map((stream) => stream.waitFor("id: ")));
    for (const { socket } of dead) socket.pause();
    const body = "z".repeat(200_000);
    await until(
      "the silent readers to be cut",
      async () => {
        await fetch(`http://127.0.0.1:${proxy.port}/events/dead`, { method: "POST", body });
        return (await connections()) === 0 ? true : undefined;
      },
      120_000,
    );
    for (const { socket } of dead) socket.destroy();
  });
});
