import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { natsServer } from "@revenprox/cluster";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type NatsProcess, startNats } from "../src/mesh/testing/nats-process.ts";
import { type ProxyProcess, startProxyProcess, until } from "./testing/proxy-process.ts";
import { openStream, publish } from "./testing/raw-stream.ts";
import { sample } from "./testing/scrape.ts";
import { ready } from "./testing/with-nats.ts";

const adminToken = "planted-admin-token-20";
let nats: NatsProcess;
let folder: string;
const proxies: ProxyProcess[] = [];

beforeAll(async () => {
  nats = await startNats({ program: await natsServer() });
  folder = await mkdtemp(join(tmpdir(), "planted-folder-"));
  await writeFile(join(folder, "admin"), adminToken);
});
afterAll(async () => {
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  await nats.dispose();
  await rm(folder, { recursive: true });
});

const start = async (id: string, environment: Readonly<Record<string, string>> = {}): Promise<ProxyProcess> => {
  const proxy = await startProxyProcess({
    REVENPROX_NATS__SERVERS: nats.url,
    REVENPROX_PROXY_ID: id,
    REVENPROX_DISTRIBUTED_STATE__GOSSIP_INTERVAL_SEC: "1",
    REVENPROX_DISTRIBUTED_STATE__PEER_TIMEOUT_SEC: "4",
    REVENPROX_MANAGEMENT__ADMIN_TOKEN_FILE: join(folder, "admin"),
    ...environment,
  });
  proxies.push(proxy);
  await ready(proxy);
  return proxy;
};

const call = async (proxy: ProxyProcess, path: string, init: RequestInit = {}) => {
  const headers = { authorization: `Bearer ${adminToken}`, "content-type": "application/json" };
  const response = await fetch(`http://127.0.0.1:${proxy.managementPort}${path}`, { headers, ...init });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const get = async (proxy: ProxyProcess, path: string) => (await call(proxy, path)).body;

test("a topic's listeners are counted on every proxy", async () => {
  const [a, b] = [await start("a"), await start("b"), await start("c")];
  await until("the peers", async () => {
    const { peers } = (await get(a, "/api/v1/peers")) as { peers: readonly unknown[] };
    return peers.length === 2 || undefined;
  });
  const streams = [a, b, b].map((proxy) => openStream(proxy.port, "/events/shared%2Ftopic"));
  await Promise.all(streams.map((stream) => stream.waitFor("id: ")));
  const audience = (subscribers: number) =>
    until(`${subscribers} streams on the topic`, async () => {
      const answer = await get(a, "/api/v1/topics/shared/topic");
      return answer["subscribers"] === subscribers ? answer : undefined;
    });
  expect(await audience(3)).toMatchObject({
    topic: "shared/topic",
    subscribers: 3,
    proxies: [
      { id: "a", subscribers: 1 },
      { id: "b", subscribers: 2 },
      { id: "c", subscribers: 0 },
    ],
    silent: [],
  });
  expect(await get(b, "/api/v1/topics")).toMatchObject({
    topics: [{ topic: "shared/topic", subscribers: 2 }],
    next: null,
  });

  for (const stream of streams) stream.close();
  await audience(0);
});

test("the document describes what this process answers", async () => {
  const proxy = await start("openapi");
  const { paths } = (await get(proxy, "/openapi.json")) as { paths: Record<string, Record<string, unknown>> };
  for (const [path, methods] of Object.entries(paths)) {
    if (methods["get"] === undefined || path === "/metrics") continue;
    expect([path, (await call(proxy, path.replace(/\{.*\}/, "a"))).status]).toEqual([path, 200]);
  }
  const anonymous = await fetch(`http://127.0.0.1:${proxy.managementPort}/openapi.json`);
  expect(anonymous.status).toBe(401);
});

test("queues show a reader that does not read", async () => {
  const proxy = await start("queues");
  const slow = openStream(proxy.port, "/events/slow");
  await slow.waitFor("id: ");
  slow.socket.pause();
  const data = "x".repeat(200_000);
  await until("a stream that is behind", async () => {
    await publish(proxy.port, "slow", data);
    const { streams_behind: behind, streams_blocked: blocked } = await get(proxy, "/api/v1/queues");
    return (behind === 1 && blocked === 1) || undefined;
  });
  const queues = await get(proxy, "/api/v1/queues");
  expect(queues["events_behind_max"]).toBe(queues["events_behind_total"]);
  expect(queues["events_behind_max"]).toBeGreaterThan(0);
  expect(queues["ring_bytes"]).toBeGreaterThan(200_000);
  slow.socket.resume();
  await until("nobody behind", async () => (await get(proxy, "/api/v1/queues"))["streams_behind"] === 0 || undefined);
  slow.close();
});

test("the configuration is shown without secrets and paths, with the limits in force and what waits for a restart", async () => {
  const file = join(folder, "proxy.toml");
  await writeFile(file, "[http]\nmax_connections = 7\n");
  const proxy = await startProxyProcess({ REVENPROX_MANAGEMENT__ADMIN_TOKEN_FILE: join(folder, "admin") }, [
    "--config",
    file,
  ]);
  proxies.push(proxy);
  await writeFile(file, "[http]\nmax_connections = 8\nallow_unauthenticated = true\n");
  proxy.child.kill("SIGHUP");
  const view = await until("the change", async () => {
    const body = await get(proxy, "/api/v1/config");
    return (body["config"] as { http: { max_connections: number } }).http.max_connections === 8 ? body : undefined;
  });
  expect(view).toMatchObject({
    config: { http: { allow_unauthenticated: false }, management: { admin_token_file: "***", read_token_file: null } },
    effective_limits: { max_connections: 8 },
    pending_restart: ["http.allow_unauthenticated"],
  });
  expect(JSON.stringify(view)).not.toContain("planted");
});

test("a shed ends a part of the streams for good, serves on, and keeps what it is to keep", async () => {
  const proxy = await start("shedding");
  const streams = Array.from({ length: 30 }, () => openStream(proxy.port, "/events/a"));
  await Promise.all(streams.map((stream) => stream.waitFor("id: ")));
  const shed = (body: object) => call(proxy, "/api/v1/shed", { method: "POST", body: JSON.stringify(body) });
  const begun = await shed({ streams: 20, keep: 18, rate_per_sec: 10 });
  expect(begun).toEqual({ status: 202, body: { streams: 12 } });
  const load = await until("the end of the shed", async () => {
    const now = await get(proxy, "/api/v1/load");
    return now["streams"] === 18 && now["shedding"] === 0 ? now : undefined;
  });
  expect(load).toMatchObject({
    moved: 12,
    topics: 1,
    draining: false,
    degraded: [],
    nats_connected: true,
    breaker: "none",
  });
  expect(await sample(proxy, 'streams_moved_total{reason="shed"}')).toBe(12);
  const isEnded = (stream: (typeof streams)[number]) => stream.body().kind === "complete";
  const ended = streams.filter(isEnded);
  expect(ended).toHaveLength(12);
  const late = openStream(proxy.port, "/events/a");
  await late.waitFor("id: ");
  await publish(proxy.port, "a", "after");
  await Promise.all(
    [late, ...streams.filter((stream) => !isEnded(stream))].map((stream) => stream.waitFor("data: after")),
  );
  for (const stream of [late, ...streams]) stream.close();
});

test("the load tells of a verifier that is given up, by which the operator replaces it where its peers are fine", async () => {
  const proxy = await start("broken", {
    REVENPROX_JWT_VERIFIER__WEBHOOK_URL: "http://127.0.0.1:1/verify",
    REVENPROX_JWT_VERIFIER__ALLOW_PRIVATE_ADDRESSES: "true",
    REVENPROX_JWT_VERIFIER__CIRCUIT_BREAKER_THRESHOLD: "1",
    REVENPROX_JWT_VERIFIER__CIRCUIT_BREAKER_TIMEOUT_SEC: "300",
    REVENPROX_JWT_VERIFIER__RETRY_ATTEMPTS: "0",
  });
  expect(await get(proxy, "/api/v1/load")).toMatchObject({ breaker: "closed", nats_connected: true });
  const headers = { authorization: "Bearer anything" };
  const { status } = await fetch(`http://127.0.0.1:${proxy.port}/events/a`, { headers });
  expect(status).toBe(503);
  expect(await get(proxy, "/api/v1/load")).toMatchObject({ breaker: "open", nats_connected: true, degraded: [] });
});

test("a drain is asked for by name, ends the streams, and leaves the process until it is told to end", async () => {
  const proxy = await start("drained", { REVENPROX_HTTP__DRAIN_RATE_PER_SEC: "20" });
  const drain = (confirm: string) =>
    call(proxy, "/api/v1/drain", { method: "POST", body: JSON.stringify({ confirm }) });
  const streams = Array.from({ length: 20 }, () => openStream(proxy.port, "/events/a"));
  await Promise.all(streams.map((stream) => stream.waitFor("id: ")));
  expect(await drain("another")).toMatchObject({ status: 422, body: { code: "drain_unconfirmed" } });
  expect((await fetch(`http://127.0.0.1:${proxy.port}/health`)).status).toBe(200);

  const began = await drain("drained");
  expect(began).toMatchObject({
    status: 202,
    body: { status: "draining", proxy_id: "drained", connections: 20, ends_within_seconds: 25 },
  });
  expect((await fetch(`http://127.0.0.1:${proxy.managementPort}/readyz`)).status).toBe(503);
  expect((await fetch(`http://127.0.0.1:${proxy.port}/events/late`)).status).toBe(503);
  await until(
    "the end of every stream",
    () => streams.every((stream) => stream.body().kind === "complete") || undefined,
  );
  expect((await drain("drained")).body).toMatchObject({ connections: 0 });
  expect(proxy.child.exitCode).toBeNull();
  proxy.child.kill("SIGTERM");
  expect(await proxy.exited).toBe(0);
});
