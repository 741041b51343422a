import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { engines, startOn } from "./testing/engines.ts";
import { type ProxyProcess, until } from "./testing/proxy-process.ts";
import { type RawStream, rawExchange } from "./testing/raw-stream.ts";

const signature = "0d0a0d0a000d0a515549540a";
const header = (client: string): Buffer => Buffer.from(`${signature}2111000c${client}0a00000112340050`, "hex");
const local = Buffer.from(`${signature}20000000`, "hex");
const withExtension = Buffer.from(`${signature}21110013070707070a00000112340050030004aabbccdd`, "hex");
const v6 = Buffer.from(`${signature}2121002420010db8000000000000000000000001${"00".repeat(16)}12340050`, "hex");
const request = Buffer.from("GET /events/a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");

const statusOf = async (stream: RawStream): Promise<string> => {
  const status = await until("the status", () => /^HTTP\/1\.1 (\d+) /.exec(stream.head())?.[1]);
  stream.close();
  return status;
};

describe.each(engines)("on %s", (engine) => {
  let proxy: ProxyProcess;
  let wary: ProxyProcess;
  beforeAll(async () => {
    const limited = { REVENPROX_HTTP__RATE_LIMIT_PER_IP: "1", REVENPROX_HTTP__RATE_LIMIT_WINDOW_SEC: "3600" };
    [proxy, wary] = await Promise.all([
      startOn(engine, { ...limited, REVENPROX_HTTP__TRUSTED_PROXIES: "127.0.0.1" }),
      startOn(engine, { REVENPROX_HTTP__TRUSTED_PROXIES: "10.0.0.0/8" }),
    ]);
  });
  afterAll(() => Promise.all([proxy.stop(), wary.stop()]));

  const ask = (...before: readonly Buffer[]): Promise<string> =>
    statusOf(rawExchange(proxy.port, Buffer.concat([...before, request])));

  test.each([
    ["IPv4", header("01020304")],
    ["IPv6", v6],
    ["extensions behind the addresses", withExtension],
  ])("requests count for the client that the header names: %s", async (_, bytes) => {
    expect([await ask(bytes), await ask(bytes)]).toEqual(["200", "429"]);
  });

  test("a header may come in a segment of its own", async () => {
    const stream = rawExchange(proxy.port, header("05050505"));
    stream.socket.setNoDelay(true);
    await once(stream.socket, "connect");
    await new Promise((resolve) => setTimeout(resolve, 100));
    stream.socket.write(request);
    expect(await statusOf(stream)).toBe("200");
    expect(await ask(header("05050505"))).toBe("429");
  });

  test("a connection of the proxy's own, with or without a header that says so, counts for the proxy", async () => {
    expect([await ask(local), await ask()]).toEqual(["200", "429"]);
  });

  test("all requests of a connection are the client's", async () => {
    const publish = "POST /events/a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\n\r\nx";
    const stream = rawExchange(proxy.port, Buffer.concat([header("06060606"), Buffer.from(publish)]));
    await until("the first answer", () => stream.head().startsWith("HTTP/1.1 202") || undefined);
    stream.socket.write(publish);
    await until("the second answer", () => stream.raw().toString().includes("HTTP/1.1 429") || undefined);
    stream.close();
  });

  test("from anybody else it is refused, and the client told why", async () => {
    const stream = rawExchange(wary.port, Buffer.concat([header("01020304"), request]));
    await until("the answer", () => stream.raw().toString().includes("proxy_protocol_untrusted") || undefined);
    expect(stream.head()).toMatch(/^HTTP\/1\.1 400 /);
    stream.close();
  });

  test("a header of another version ends the connection, and the proxy goes on", async () => {
    const stream = rawExchange(
      proxy.port,
      Buffer.concat([Buffer.from(`${signature}3111000c010203040a00000112340050`, "hex"), request]),
    );
    await until("the end", () => (stream.socket.closed || /^HTTP\/1\.1 4/.test(stream.head()) ? true : undefined));
    stream.close();
    expect((await fetch(`http://127.0.0.1:${proxy.port}/health`)).status).toBe(200);
  });
});

test("on node, a header that comes byte by byte is understood all the same", async () => {
  const proxy = await startOn("node", {
    REVENPROX_HTTP__RATE_LIMIT_PER_IP: "1",
    REVENPROX_HTTP__TRUSTED_PROXIES: "127.0.0.1",
  });
  const slowly = async (): Promise<string> => {
    const stream = rawExchange(proxy.port, "");
    stream.socket.setNoDelay(true);
    for (const byte of Buffer.concat([header("05050505"), request])) {
      await new Promise((resolve) => stream.socket.write(Buffer.of(byte), resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return statusOf(stream);
  };
  expect([await slowly(), await slowly()]).toEqual(["200", "429"]);
  await proxy.stop();
});
