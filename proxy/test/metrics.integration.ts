import { globSync, readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type MetricName, metricName, metrics } from "@revenprox/contract/metrics";
import { describe, expect, test } from "vitest";
import { withProxy } from "./testing/effect-row.ts";
import { type ProxyProcess, until } from "./testing/proxy-process.ts";
import { openStream, publish, rawExchange } from "./testing/raw-stream.ts";
import { type MetricRow, sample, scrape } from "./testing/scrape.ts";

const quiet = { REVENPROX_HTTP__KEEPALIVE_INTERVAL_SEC: "3600" };
/** For the long variant: 10000 and more, within the limit on open files. */
const manyStreams = Number(process.env["REVENPROX_TEST_STREAMS"] ?? 2_000);

const folder = fileURLToPath(new URL("metric-rows", import.meta.url));

const isRow = (value: unknown): value is MetricRow =>
  typeof value === "object" && value !== null && "metrics" in value && "truth" in value && "run" in value;

const rowsOf = async (file: string): Promise<MetricRow[]> => {
  const exported: Record<string, unknown> = await import(pathToFileURL(`${folder}/${file}`).href);
  return Object.values(exported).flatMap((value) => (Array.isArray(value) ? value.filter(isRow) : []));
};

const rows = (await Promise.all(globSync("*.ts", { cwd: folder }).toSorted().map(rowsOf))).flat();

const textOf = async ({ port }: ProxyProcess): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}/metrics`)).text();

test("every metric of the catalogue has a row that proves it", () => {
  const proven = new Set<string>(rows.flatMap(({ metrics: names }) => names));
  expect(Object.keys(metrics).filter((name) => !proven.has(name))).toEqual([]);
});

describe.concurrent("a metric says what happened", { timeout: 180_000 }, () => {
  test.each(rows.map((row) => [row.metrics.join(", "), row.truth, row] as const))("%s: %s", (_names, _truth, row) =>
    row.run(),
  );
});

test("a scrape is the catalogue, both ways, with its types and help texts", () =>
  withProxy({}, async (proxy) => {
    const text = await textOf(proxy);
    const typeLines = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]);
    const catalogue = Object.entries(metrics).map(([name, { type }]) => [metricName(name as MetricName), type]);
    expect(typeLines.toSorted()).toEqual(catalogue.toSorted());
    for (const [name, { help }] of Object.entries(metrics))
      expect(text).toContain(`# HELP revenprox_${name} ${help}\n`);
  }));

test("every series is there from the start, and stays the only one as topics, clients and causes come", () =>
  withProxy(quiet, async (proxy) => {
    const names = async (): Promise<readonly string[]> => [...(await scrape(proxy)).keys()];
    const before = await names();
    // A label without a series would first be seen by rate() at its second increase.
    for (const name of Object.keys(metrics))
      expect([name, before.some((series) => series.startsWith(name))]).toEqual([name, true]);
    const streams = Array.from({ length: 200 }, (_, index) => openStream(proxy.port, `/events/topic-${index}`));
    await Promise.all(streams.map((stream) => stream.waitFor("id: ")));
    for (let index = 0; index < 200; index += 1) await publish(proxy.port, `topic-${index}`, "x");
    for (const path of ["/events/%00", "/nothing"])
      await fetch(`http://127.0.0.1:${proxy.port}${path}`, { method: "POST", body: "x" });
    openStream(proxy.port, "/events/t", { "Last-Event-ID": "nonsense" }).close();
    expect(await names()).toEqual(before);
    for (const stream of streams) stream.close();
  }));

/** Processor time of the process in milliseconds; the kernel counts in steps of 10. */
const cpuMs = ({ child }: ProxyProcess): number => {
  const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
};

const scrapes = 150;

/** Milliseconds of processor time of one scrape. */
const costOfScrape = async (proxy: ProxyProcess): Promise<number> => {
  for (let index = 0; index < 30; index += 1) await textOf(proxy);
  const before = cpuMs(proxy);
  for (let index = 0; index < scrapes; index += 1) await textOf(proxy);
  return (cpuMs(proxy) - before) / scrapes;
};

test(`a scrape costs the same with ${manyStreams} streams`, { timeout: 300_000 }, () =>
  withProxy({ ...quiet, REVENPROX_HTTP__RATE_LIMIT_PER_IP: "0" }, async (proxy) => {
    const alone = await costOfScrape(proxy);
    const streams: ReturnType<typeof openStream>[] = [];
    while (streams.length < manyStreams) {
      const more = Array.from({ length: Math.min(200, manyStreams - streams.length) }, (_, index) =>
        openStream(proxy.port, `/events/topic-${(streams.length + index) % 1_000}`),
      );
      await Promise.all(more.map((stream) => stream.waitFor("id: ")));
      streams.push(...more);
    }
    expect(await sample(proxy, "connections_active")).toBe(manyStreams);
    const among = await costOfScrape(proxy);
    console.info(`a scrape costs ${alone.toFixed(2)} ms alone, ${among.toFixed(2)} ms with ${manyStreams} streams`);
    // What is walked or listed for a scrape would cost many times as much; the rest is noise of a shared machine.
    expect(among).toBeLessThan(Math.max(1, alone) * 3);
    for (const stream of streams) stream.close();
  }),
);

test("a full proxy is not ready", () =>
  withProxy({ ...quiet, REVENPROX_HTTP__MAX_CONNECTIONS: "1" }, async (proxy) => {
    const stream = openStream(proxy.port, "/events/t");
    await stream.waitFor("id: ");
    const ready = await fetch(`http://127.0.0.1:${proxy.managementPort}/readyz`);
    expect([ready.status, await ready.json()]).toMatchObject([
      503,
      { reasons: ["the limit on open streams is reached"] },
    ]);
    const api = await (await fetch(`http://127.0.0.1:${proxy.managementPort}/api/v1/connections`)).json();
    expect(api).toMatchObject({
      active_connections: 1,
      total_created: 1,
      total_closed: 0,
      max_connections_effective: 1,
    });
    stream.close();
  }));

test("a client that vanishes without a word is counted out", () =>
  withProxy(quiet, async (proxy) => {
    const gone = rawExchange(proxy.port, "GET /events/x HTTP/1.1\r\nHost: a\r\n\r\n");
    await gone.waitFor("id: ");
    gone.socket.resetAndDestroy();
    await until(
      "zero streams",
      async () => ((await sample(proxy, "connections_active")) === 0 ? true : undefined),
      60_000,
    );
  }));
