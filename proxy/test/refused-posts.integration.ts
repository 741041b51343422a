import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { engines, startOn } from "./testing/engines.ts";
import { type ProxyProcess, until } from "./testing/proxy-process.ts";
import { type RawStream, rawExchange } from "./testing/raw-stream.ts";

const small = "x";
/** More than one segment, less than the limit on an event. */
const large = "x".repeat(100_000);
const tooLarge = "x".repeat(400_000);
const key = "a-secret-of-20-chars";

const authorized = `Authorization: Bearer ${key}\r\n`;

type Refusal = readonly [what: string, status: number, request: { path: string; headers: string; body: string }];

const refusals: readonly Refusal[] = [
  ["no key", 401, { path: "/events/a", headers: "", body: small }],
  ["no key, a large body", 401, { path: "/events/a", headers: "", body: large }],
  ["a wrong key", 401, { path: "/events/a", headers: "Authorization: Bearer wrong\r\n", body: small }],
  ["a topic that is none", 400, { path: "/events/%ff", headers: authorized, body: small }],
  ["the same with a large body", 400, { path: "/events/%ff", headers: authorized, body: large }],
  [
    "an Idempotency-Key that is none",
    400,
    { path: "/events/a", headers: `Idempotency-Key: é\r\n${authorized}`, body: large },
  ],
  ["an event that is too large", 413, { path: "/events/a", headers: authorized, body: tooLarge }],
  ["a compressed body", 415, { path: "/events/a", headers: `Content-Encoding: gzip\r\n${authorized}`, body: large }],
  ["a path that is not there", 404, { path: "/nowhere", headers: "", body: large }],
];

const answers = (exchange: RawStream): readonly string[] =>
  [
    ...exchange
      .raw()
      .toString("latin1")
      .matchAll(/HTTP\/1\.1 (\d{3})/g),
  ].map(([, status]) => status ?? "");

/** Writes what is left of a request and another one, and waits for the answer to that, or for the end that was told. */
const goesOn = async (exchange: RawStream, rest: string): Promise<void> => {
  exchange.socket.write(rest);
  const told = /\r\nconnection: close/i.test(exchange.head());
  if (told) return exchange.closed;
  exchange.socket.write("GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(
    "an answer to the next request",
    () => {
      if (exchange.socket.destroyed) throw new Error(`closed without a word after: ${exchange.head()}`);
      return answers(exchange).length === 2 || undefined;
    },
    30_000,
  );
  expect(answers(exchange)[1]).toBe("200");
  exchange.close();
};

describe.each(engines)("a POST that is refused, on %s", (engine) => {
  let proxy: ProxyProcess;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "proxy-refused-"));
    await writeFile(join(folder, "k"), key);
    proxy = await startOn(engine, { REVENPROX_HTTP__PUBLISH_KEYS_DIR: folder });
  });
  afterAll(async () => {
    await proxy.stop();
    await rm(folder, { recursive: true });
  });

  test.each(refusals)(
    "%s: the connection serves the next request, or the answer says that it ends",
    async (_, status, { path, headers, body }) => {
      const head = `POST ${path} HTTP/1.1\r\nHost: a\r\n${headers}Content-Length: ${body.length}\r\n\r\n`;
      const atOnce = rawExchange(proxy.port, Buffer.from(head + body));
      await until("the answer", () => answers(atOnce).length === 1 || undefined);
      expect(answers(atOnce)).toEqual([String(status)]);
      await goesOn(atOnce, "");

      const bit = Math.floor(body.length / 2);
      const slowly = rawExchange(proxy.port, Buffer.from(head + body.slice(0, bit)));
      // Some are refused at once, others when their body is there.
      await until("an early answer", () => answers(slowly).length === 1 || undefined, 500).catch(() => false);
      await goesOn(slowly, body.slice(bit));
      expect(answers(slowly)[0]).toBe(String(status));
    },
  );
});
