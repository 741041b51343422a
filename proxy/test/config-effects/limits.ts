import { expect } from "vitest";
import { type EffectRow, withEachEngine } from "../testing/effect-row.ts";
import { until } from "../testing/proxy-process.ts";
import { openStream, publish } from "../testing/raw-stream.ts";

/** The refusal of a new stream; undefined when it is opened. */
const refusal = async (port: number, topic = "probe"): Promise<string | undefined> => {
  const response = await fetch(`http://127.0.0.1:${port}/events/${topic}`);
  if (response.status !== 200) return `${response.status} ${await response.text()}`;
  await response.body?.cancel();
  return undefined;
};

const rejected = async (port: number): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(/^revenprox_connections_rejected (\d+)$/m.exec(text)?.[1]);
};

/** One request that costs the proxy far more than its sender. */
const publishMany = async (port: number): Promise<void> => {
  const response = await fetch(`http://127.0.0.1:${port}/events/a`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: '{"data":"x"}\n'.repeat(1_000),
  });
  await response.text();
};

export const limitsRows: readonly EffectRow[] = [
  {
    key: "limits.max_memory_mb",
    name: "above it new streams are refused and counted, publishes and open streams go on",
    run: () =>
      withEachEngine({ REVENPROX_LIMITS__MAX_MEMORY_MB: "1" }, async (proxy) => {
        const said = await until("a refusal", () => refusal(proxy.port));
        expect(said).toMatch(/^503 .*"code":"capacity".*limits\.max_memory_mb/);
        expect(await rejected(proxy.port)).toBeGreaterThan(0);
        expect(await publish(proxy.port, "a", "x")).toMatch(/^\d+-\d+$/);
        expect(proxy.output()).toMatch(/WARN\] New streams are refused: \d+ MiB .*limit 1 MiB/);
      }),
  },
  {
    key: "limits.max_cpu_percent",
    name: "above it new streams are refused, and taken again when it is idle",
    run: () =>
      withEachEngine({ REVENPROX_LIMITS__MAX_CPU_PERCENT: "10" }, async ({ port, output }) => {
        const said = await until("a refusal", async () => {
          await Promise.all(Array.from({ length: 5 }, () => publishMany(port)));
          return refusal(port);
        });
        expect(said).toMatch(/^503 .*limits\.max_cpu_percent/);
        await until("the end of it", () => output().includes("New streams are taken again") || undefined);
        expect(await refusal(port)).toBeUndefined();
      }),
  },
  {
    key: "limits.max_network_mbps",
    name: "above it new streams are refused",
    run: () =>
      withEachEngine({ REVENPROX_LIMITS__MAX_NETWORK_MBPS: "1" }, async ({ port }) => {
        const streams = Array.from({ length: 8 }, () => openStream(port, "/events/a"));
        await Promise.all(streams.map((stream) => stream.waitFor("id: ")));
        const said = await until("a refusal", async () => {
          await publish(port, "a", "x".repeat(100_000));
          return refusal(port);
        });
        expect(said).toMatch(/^503 .*limits\.max_network_mbps/);
        for (const stream of streams) stream.close();
      }),
  },
  {
    key: "limits.max_file_descriptors",
    name: "with 200 of them, 64 kept back, the 137th stream is refused",
    run: () =>
      withEachEngine({ REVENPROX_LIMITS__MAX_FILE_DESCRIPTORS: "200" }, async ({ port, output }) => {
        expect(output()).toContain("At most 136 streams (set by open files)");
        const streams = Array.from({ length: 136 }, () => openStream(port, "/events/a"));
        await Promise.all(streams.map((stream) => stream.waitFor("id: ")));
        expect(await refusal(port)).toMatch(/^503 /);
        for (const stream of streams) stream.close();
      }),
  },
  {
    key: "limits.max_topics",
    name: "a stream on one topic more is refused, on a followed one it is not",
    run: () =>
      withEachEngine({ REVENPROX_LIMITS__MAX_TOPICS: "2" }, async ({ port }) => {
        expect([await refusal(port, "a"), await refusal(port, "b")]).toEqual([undefined, undefined]);
        expect(await refusal(port, "c")).toMatch(/^503 .*"code":"topics_exhausted"/);
        expect(await refusal(port, "a")).toBeUndefined();
      }),
  },
];
