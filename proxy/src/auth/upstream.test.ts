import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { systemClock } from "../system-clock.ts";
import { Upstream } from "./upstream.ts";
import { UpstreamFailed } from "./upstream-answer.ts";

const opened: { stop(): void }[] = [];

afterEach(() => {
  for (const one of opened.splice(0)) one.stop();
});

const serve = async (listener: RequestListener): Promise<string> => {
  const server: Server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  opened.push({ stop: () => void server.close(() => undefined).closeAllConnections() });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/verify?a=1`;
};

const identity = { headers: { "x-key": "k" }, tls: {} };

const upstream = (timeoutMs = 60_000, took: (seconds: number) => void = () => undefined): Upstream => {
  const made = new Upstream({
    identity: () => identity,
    timeoutMs: () => timeoutMs,
    allowPrivateAddresses: true,
    clock: systemClock,
    took,
  });
  opened.push(made);
  return made;
};

test("a call carries its body and headers, and brings the answer", async () => {
  const url = await serve(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { "x-key": key, "content-type": type, traceparent } = request.headers;
    const said = [request.method, request.url, key, type, traceparent, Buffer.concat(parts).toString()];
    response.writeHead(201).end(JSON.stringify(said));
  });
  const times: number[] = [];
  const { status, body } = await upstream(60_000, (seconds) => times.push(seconds)).call({
    url,
    body: "{}",
    maxBytes: 1_000,
    traceparent: "00-a-b-01",
  });
  expect([status, JSON.parse(body)]).toEqual([
    201,
    ["POST", "/verify?a=1", "k", "application/json", "00-a-b-01", "{}"],
  ]);
  expect(times).toHaveLength(1);
});

test("connections are kept", async () => {
  const ports = new Set<number | undefined>();
  const url = await serve((request, response) => {
    ports.add(request.socket.remotePort);
    response.end("ok");
  });
  const calls = upstream();
  for (let call = 0; call < 10; call += 1) await calls.call({ url, maxBytes: 10 });
  // One that has just answered may not be free yet.
  expect(ports.size).toBeLessThanOrEqual(2);
});

test.each<[string, RequestListener, number, string]>([
  ["no answer in time", () => undefined, 100, "timeout"],
  ["an answer that does not end in time", (_, response) => void response.write("a"), 100, "timeout"],
  ["a long answer", (_, response) => void response.end("a".repeat(11)), 60_000, "the answer is longer than 10 bytes"],
  [
    "an answer that is cut off",
    (_, response) => {
      response.writeHead(200, { "Content-Length": "5" }).write("abc");
      setTimeout(() => response.destroy(), 50);
    },
    60_000,
    "ended early",
  ],
])("%s is a failure", async (_, listener, timeoutMs, message) => {
  const url = await serve(listener);
  const call = upstream(timeoutMs).call({ url, maxBytes: 10 });
  await expect(call).rejects.toBeInstanceOf(UpstreamFailed);
  await expect(call).rejects.toThrow(message);
});

test("nobody there is a failure that tells its code", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  await expect(upstream().call({ url: `http://127.0.0.1:${port}/`, maxBytes: 10 })).rejects.toThrow("ECONNREFUSED");
});
