import { type MetricName, metricName, metrics } from "@revenprox/contract/metrics";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ProxyProcess, startProxyProcess, until } from "./testing/proxy-process.ts";
import { openStream, publish, rawExchange } from "./testing/raw-stream.ts";

let proxy: ProxyProcess;
beforeAll(async () => {
  proxy = await startProxyProcess({
    REVENPROX_HTTP__MAX_CONNECTIONS: "3",
    REVENPROX_HTTP__KEEPALIVE_INTERVAL_SEC: "3600",
  });
});
afterAll(() => proxy.stop());

const scrape = async (): Promise<string> => (await fetch(`http://127.0.0.1:${proxy.port}/metrics`)).text();

/** Samples by full name with labels. */
const samples = async (): Promise<ReadonlyMap<string, number>> =>
  new Map(
    (await scrape())
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  );

/** What `action` changed. */
const changes = async (
  action: () => Promise<unknown>,
  names: readonly string[],
): Promise<readonly (number | undefined)[]> => {
  const before = await samples();
  await action();
  const after = await samples();
  return names.map(
    (name) => (after.get(`revenprox_${name}`) ?? Number.NaN) - (before.get(`revenprox_${name}`) ?? Number.NaN),
  );
};

test("a scrape is the catalogue, both ways", async () => {
  const typeLines = [...(await scrape()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]);
  const catalogue = Object.entries(metrics).map(([name, { type }]) => [metricName(name as MetricName), type]);
  expect(typeLines.toSorted()).toEqual(catalogue.toSorted());
});

test("every help text is the catalogue's", async () => {
  const text = await scrape();
  for (const [name, { help }] of Object.entries(metrics)) expect(text).toContain(`# HELP revenprox_${name} ${help}\n`);
});

test("series are there before anything happened, and system gauges are true", async () => {
  const now = await samples();
  expect(now.get('revenprox_refusals_total{reason="journal"}')).toBe(0);
  expect(now.get("revenprox_memory_used_bytes")).toBeGreaterThan(20_000_000);
  expect(now.get("revenprox_memory_limit_bytes")).toBeGreaterThan(now.get("revenprox_memory_used_bytes") ?? 0);
  expect(now.get("revenprox_fd_used")).toBeGreaterThan(5);
  expect(now.get("revenprox_goroutines")).toBe(1);
  expect(now.get("revenprox_cpu_usage_percent")).toBeGreaterThanOrEqual(0);
});

test("streams, messages and bytes count exactly what was caused", async () => {
  const streams = ["m", "m", "other"].map((topic) => openStream(proxy.port, `/events/${topic}`));
  const opened = await changes(
    () => Promise.all(streams.map((stream) => stream.waitFor("id: "))),
    ["connections_active", "connections_total", "topics_active"],
  );
  // The sockets may have been accepted before the first scrape; what counts is where they end up.
  expect(opened.every((change) => change !== undefined && change >= 0)).toBe(true);
  const now = await samples();
  expect([
    now.get("revenprox_connections_active"),
    now.get("revenprox_connections_total"),
    now.get("revenprox_topics_active"),
  ]).toEqual([3, 3, 2]);

  const size = () => streams.reduce((sum, stream) => sum + Buffer.byteLength(stream.text()), 0);
  expect(now.get("revenprox_bytes_sent_total")).toBe(size());
  const before = size();
  const [sent, bytes, latency] = await changes(async () => {
    await publish(proxy.port, "m", "payload");
    await Promise.all(streams.slice(0, 2).map((stream) => stream.waitFor("payload\n\n")));
  }, ["messages_sent_total", "bytes_sent_total", "message_latency_ms_count"]);
  expect([sent, bytes]).toEqual([2, size() - before]);
  expect(latency).toBeGreaterThanOrEqual(1);

  const refused = [
    "connections_rejected",
    'refusals_total{reason="bad_request"}',
    'refusals_total{reason="not_found"}',
  ];
  expect(
    await changes(async () => {
      const full = await fetch(`http://127.0.0.1:${proxy.port}/events/m`);
      expect([full.status, full.headers.get("retry-after")]).toEqual([503, "5"]);
      await fetch(`http://127.0.0.1:${proxy.port}/events/%00`, { method: "POST", body: "x" });
      await fetch(`http://127.0.0.1:${proxy.port}/nothing`);
    }, refused),
  ).toEqual([1, 1, 1]);
  const ready = await fetch(`http://127.0.0.1:${proxy.managementPort}/readyz`);
  expect([ready.status, await ready.json()]).toMatchObject([
    503,
    { reasons: ["the limit on open streams is reached"] },
  ]);

  const api = async () => (await fetch(`http://127.0.0.1:${proxy.managementPort}/api/v1/connections`)).json();
  expect(await api()).toMatchObject({
    active_connections: 3,
    total_created: 3,
    total_closed: 0,
    max_connections_effective: 3,
    topics: 2,
  });
  for (const stream of streams) stream.close();
  await until("all streams to be closed", async () =>
    (await samples()).get("revenprox_connections_active") === 0 ? true : undefined,
  );
  const end = await samples();
  expect([end.get("revenprox_connections_total"), end.get("revenprox_connection_duration_seconds_count")]).toEqual([
    3, 3,
  ]);
  expect(await api()).toMatchObject({ active_connections: 0, total_created: 3, total_closed: 3 });
});

test("a client that vanishes without a word is counted out", async () => {
  const gone = rawExchange(proxy.port, "GET /events/x HTTP/1.1\r\nHost: a\r\n\r\n");
  await gone.waitFor("id: ");
  gone.socket.resetAndDestroy();
  await until("zero streams", async () =>
    (await samples()).get("revenprox_connections_active") === 0 ? true : undefined,
  );
});
