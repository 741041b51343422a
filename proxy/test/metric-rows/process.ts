import { readdirSync, readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { expect } from "vitest";
import { version } from "../../src/config/version.ts";
import { withProxy } from "../testing/effect-row.ts";
import { childrenOf } from "../testing/loop-processes.ts";
import { until } from "../testing/proxy-process.ts";
import { openStream, publish } from "../testing/raw-stream.ts";
import { changesOf, type MetricRow, sample, scrape, untilSample } from "../testing/scrape.ts";
import { withNats } from "../testing/with-nats.ts";

const pageBytes = 4_096;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const processRows: readonly MetricRow[] = [
  {
    metrics: ["memory_used_bytes", "memory_limit_bytes", "goroutines", "build_info"],
    truth: "what the kernel says of the process, its event loop, and its version",
    run: () =>
      withProxy({}, async (proxy) => {
        const now = await scrape(proxy);
        const pages = Number(readFileSync(`/proc/${proxy.child.pid}/statm`, "utf8").split(" ")[1]);
        const ratio = (now.get("memory_used_bytes") ?? 0) / (pages * pageBytes);
        expect(ratio).toBeGreaterThan(0.8);
        expect(ratio).toBeLessThan(1.25);
        const constrained = process.constrainedMemory();
        expect(now.get("memory_limit_bytes")).toBe(
          constrained > 0 && constrained < totalmem() ? constrained : totalmem(),
        );
        expect(now.get("goroutines")).toBe(1);
        expect(now.get(`build_info{version="${version()}"}`)).toBe(1);
      }),
  },
  {
    metrics: ["loops_restarted_total"],
    truth: "each event loop that ended unasked and was replaced",
    run: () =>
      withNats((nats) =>
        withProxy({ REVENPROX_NATS__SERVERS: nats.url, REVENPROX_HTTP__THREAD_POOL_SIZE: "2" }, async (proxy) => {
          expect(await sample(proxy, "loops_restarted_total")).toBe(0);
          for (const pid of childrenOf(proxy.child.pid)) {
            process.kill(pid, "SIGKILL");
            await until("it to be gone", () => !childrenOf(proxy.child.pid).includes(pid) || undefined);
          }
          await until("both to serve again", () => proxy.output().match(/serves again/g)?.length === 2 || undefined);
          expect(await sample(proxy, "loops_restarted_total")).toBe(2);
        }),
      ),
  },
  {
    metrics: ["fd_used"],
    truth: "the open descriptors of the process; ten sockets are ten more",
    run: () =>
      withProxy({}, async (proxy) => {
        await sample(proxy, "fd_used");
        const opened = await changesOf(proxy, async () => {
          const streams = Array.from({ length: 10 }, () => openStream(proxy.port, "/events/t"));
          await Promise.all(streams.map((stream) => stream.waitFor("id: ")));
        });
        expect(opened).toMatchObject({ fd_used: 10, connections_active: 10 });
        const inProc = readdirSync(`/proc/${proxy.child.pid}/fd`).length;
        expect(Math.abs((await sample(proxy, "fd_used")) - inProc)).toBeLessThanOrEqual(1);
      }),
  },
  {
    metrics: ["cpu_usage_percent"],
    truth: "the share of one core since the last scrape, as the kernel counts it",
    run: () =>
      withProxy({}, async (proxy) => {
        const ticks = (): number => {
          const fields = readFileSync(`/proc/${proxy.child.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
          return Number(fields[11]) + Number(fields[12]);
        };
        await sample(proxy, "cpu_usage_percent");
        const [began, before] = [performance.now(), ticks()];
        while (performance.now() - began < 1_500) await publish(proxy.port, "t", "x".repeat(10_000));
        const percent = await sample(proxy, "cpu_usage_percent");
        const kernel = ((ticks() - before) * 10 * 100) / (performance.now() - began);
        expect(percent).toBeGreaterThan(0);
        expect(percent / kernel).toBeGreaterThan(0.6);
        expect(percent / kernel).toBeLessThan(1.7);
        await wait(1_000);
        expect(await sample(proxy, "cpu_usage_percent")).toBeLessThan(percent);
      }),
  },
  {
    metrics: ["event_loop_lag_seconds"],
    truth: "a loop that stands still again and again is late by as much; whoever scrapes takes nothing away",
    run: () =>
      withProxy({}, async (proxy) => {
        const before = await sample(proxy, "event_loop_lag_seconds");
        expect(before).toBeGreaterThanOrEqual(0);
        for (let stop = 0; stop < 30; stop += 1) {
          proxy.child.kill("SIGSTOP");
          await wait(200);
          proxy.child.kill("SIGCONT");
          await wait(20);
        }
        const late = await sample(proxy, "event_loop_lag_seconds");
        expect(late).toBeGreaterThan(0.15);
        expect(await sample(proxy, "event_loop_lag_seconds")).toBeGreaterThan(0.15);
        await until(
          "the lag to be forgotten",
          async () => ((await sample(proxy, "event_loop_lag_seconds")) < late ? true : undefined),
          60_000,
        );
      }),
  },
  {
    metrics: ["sync_lag_seconds", "journal_lag_seconds", "peers_connected", "degraded"],
    truth: "a proxy that stands alone lags behind nobody",
    run: () =>
      withProxy({}, async (proxy) => {
        await untilSample(proxy, "connections_active", (value) => value === 0);
        const now = await scrape(proxy);
        expect(
          ["sync_lag_seconds", "journal_lag_seconds", "peers_connected", "degraded"].map((name) => now.get(name)),
        ).toEqual([0, 0, 0, 0]);
      }),
  },
];
