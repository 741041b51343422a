import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withFolder } from "./testing/effect-row.ts";
import { childrenOf, residentBytes } from "./testing/loop-processes.ts";
import {
  api,
  closeAll,
  type LoopsStage,
  loopsStage,
  openMany,
  publishEach,
  streamCount,
  texts,
} from "./testing/loops-stage.ts";
import { until } from "./testing/proxy-process.ts";
import { openStream, type RawStream } from "./testing/raw-stream.ts";
import { changesOf, sample, untilSample } from "./testing/scrape.ts";

let stage: LoopsStage;
beforeAll(async () => {
  stage = await loopsStage();
});
afterAll(() => stage.stop());

const dataIn = (text: string): readonly string[] => [...text.matchAll(/^data: (.*)$/gm)].map(([, data = ""]) => data);
const idsIn = (text: string): readonly string[] => [...text.matchAll(/^id: (\S+)\ndata: /gm)].map(([, id = ""]) => id);

describe("a proxy with three event loops", () => {
  test("gives every event to every stream in order, and is one proxy to whoever looks", () =>
    stage.withLoops(3, async (proxy) => {
      expect(childrenOf(proxy.child.pid)).toHaveLength(3);
      const changes = await changesOf(proxy, async () => {
        const streams = await openMany(proxy, "all");
        const ids = await publishEach(proxy, "all", texts(0, 30));
        await Promise.all(streams.map((stream) => stream.waitFor("event 29.")));
        for (const stream of streams) expect(idsIn(stream.text())).toEqual(ids);
        await untilSample(proxy, "topics_active", (topics) => topics === 1);
      });
      expect(changes).toMatchObject({
        connections_active: streamCount,
        connections_total: streamCount,
        messages_sent_total: 30 * streamCount,
        topics_active: 1,
        'requests_total{route="subscribe",class="success"}': streamCount,
        'requests_total{route="publish",class="success"}': 30,
        publish_duration_seconds_count: 30,
      });
      const processes = [proxy.child.pid, ...childrenOf(proxy.child.pid)];
      const shown = processes.reduce<number>((sum, pid) => sum + residentBytes(pid), 0);
      // The pages of the program, which `ps` shows for each of the three loops, are there once.
      expect(shown - (await sample(proxy, "memory_used_bytes"))).toBeGreaterThan(3 * 20 * 2 ** 20);
      expect(await sample(proxy, 'build_info{version="0.1.0"}')).toBe(1);
      expect([await sample(proxy, "goroutines"), await sample(proxy, "peers_connected")]).toEqual([4, 0]);
      expect(await api(proxy, "connections")).toMatchObject({ total_created: streamCount, total_closed: 0, topics: 1 });
      expect(await api(proxy, "topics")).toMatchObject({ topics: [{ topic: "all", subscribers: streamCount }] });
      expect(await api(proxy, "topics/all")).toMatchObject({
        subscribers: streamCount,
        proxies: [{ id: "pod", subscribers: streamCount }],
        silent: [],
      });
      expect(await api(proxy, "peers")).toEqual({ peers: [] });
      expect(await api(proxy, "load")).toMatchObject({ streams: streamCount, topics: 1, nats_connected: true });
    }));

  test("loses one loop, stays ready, and loses no event; counters do not fall, and limits hold", () =>
    stage.withLoops(
      3,
      async (proxy) => {
        const streams = await openMany(proxy, "killed");
        const before = await publishEach(proxy, "killed", texts(0, 10));
        await Promise.all(streams.map((stream) => stream.waitFor("event 9.")));
        expect(await sample(proxy, "connections_total")).toBe(streamCount);
        const closed = new Set<RawStream>();
        for (const stream of streams) void stream.closed.then(() => closed.add(stream));

        const [victim = 0] = childrenOf(proxy.child.pid);
        process.kill(victim, "SIGKILL");
        await until("streams to close", () => closed.size > 0 || undefined);
        await untilSample(proxy, "loops_restarted_total", (count) => count === 1);
        const isReady = await fetch(`http://127.0.0.1:${proxy.managementPort}/readyz`);
        expect(isReady.status).toBe(200);
        expect(closed.size).toBeLessThan(streamCount);
        const after = await publishEach(proxy, "killed", texts(10, 20));
        const last = before.at(4) ?? "";
        const back = [...closed].map(() => openStream(proxy.port, "/events/killed", { "Last-Event-ID": last }));
        await Promise.all(back.map((stream) => stream.waitFor("event 19.")));
        for (const stream of back) expect(dataIn(stream.text())).toEqual(texts(5, 20));
        const stayed = streams.filter((stream) => !closed.has(stream));
        await Promise.all(stayed.map((stream) => stream.waitFor("event 19.")));
        for (const stream of stayed) expect(idsIn(stream.text())).toEqual([...before, ...after]);

        await until("the loop to serve again", () => proxy.output().includes("serves again") || undefined);
        expect(await sample(proxy, "connections_total")).toBe(streamCount + back.length);
        expect(await sample(proxy, "connections_active")).toBe(streamCount);
        expect(childrenOf(proxy.child.pid)).toHaveLength(3);
        expect(proxy.output()).toMatch(/ERROR\] Event loop \d \(process \d+\) ended: SIGKILL/);
        // The loop that came anew knows of the streams of the others.
        await until("whoever comes to be refused, whichever loop it meets", async () => {
          const more = Array.from({ length: 15 }, () => openStream(proxy.port, "/events/killed"));
          await until("answers", () => more.every((stream) => stream.head() !== "") || undefined);
          closeAll(more);
          return more.every((stream) => stream.head().startsWith("HTTP/1.1 503")) || undefined;
        });
        closeAll([...back, ...stayed]);
      },
      { REVENPROX_HTTP__MAX_CONNECTIONS: String(streamCount) },
    ));

  test("is not ready while one loop stands still, and says why", () =>
    stage.withLoops(3, async (proxy) => {
      const get = (path: string) => fetch(`http://127.0.0.1:${proxy.managementPort}${path}`);
      const [stopped = 0] = childrenOf(proxy.child.pid);
      process.kill(stopped, "SIGSTOP");
      const refusal = await until("it not to be ready", async () => {
        const answer = await get("/readyz");
        return answer.status === 503 ? ((await answer.json()) as { reasons: readonly string[] }) : undefined;
      });
      expect(refusal.reasons).toEqual(["an event loop does not answer"]);
      const health = await get("/health");
      // On a machine that does much else another one may be late as well.
      expect([health.status, await health.json()]).toMatchObject([
        200,
        { status: "degraded", reasons: [expect.stringMatching(/^\d of 3 event loops$/)] },
      ]);
      expect((await get("/livez")).status).toBe(200);
      process.kill(stopped, "SIGCONT");
      await until("it to be ready", async () => (await get("/readyz")).status === 200 || undefined);
    }));

  test("SIGTERM ends every stream with a time to come back, then every process, with code 0", () =>
    stage.withLoops(3, async (proxy) => {
      const streams = await openMany(proxy, "term");
      proxy.child.kill("SIGTERM");
      expect(await proxy.exited).toBe(0);
      await Promise.all(streams.map((stream) => stream.closed));
      expect(streams.map((stream) => stream.body().kind)).toEqual(streams.map(() => "complete"));
      for (const stream of streams) expect(stream.text()).toMatch(/retry: \d+\n\n$/);
      expect(proxy.output()).toMatch(/Draining: 40 open streams end within/);
      expect(proxy.output()).not.toMatch(/ERROR|WARN/);
    }));

  test("an API drain and a shed reach the streams of all loops", () =>
    stage.withLoops(3, async (proxy) => {
      const streams = await openMany(proxy, "moved");
      const post = (path: string, body: object) =>
        fetch(`http://127.0.0.1:${proxy.managementPort}/api/v1/${path}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        });
      const shed = await post("shed", { streams: 15, keep: 0, rate_per_sec: 1_000 });
      expect(await shed.json()).toEqual({ streams: 15 });
      await untilSample(proxy, "connections_active", (count) => count === streamCount - 15);
      await until("the count", async () => {
        const load = (await api(proxy, "load")) as { readonly moved: number };
        return load.moved === 15 || undefined;
      });
      const drain = await post("drain", { confirm: "pod" });
      expect(await drain.json()).toMatchObject({ proxy_id: "pod", connections: streamCount - 15 });
      // A connection may serve further requests, so that it is open for some seconds more.
      await until("the end of all", () => streams.every((stream) => stream.body().kind === "complete") || undefined);
      closeAll(streams);
      expect((await fetch(`http://127.0.0.1:${proxy.port}/health`)).status).toBe(503);
    }));

  test("a changed file and a changed log level reach every loop", () =>
    withFolder(async (folder) => {
      const file = join(folder, "proxy.toml");
      await writeFile(file, "[http]\nretry_ms = 1000\n");
      await stage.withLoops(
        3,
        async (proxy) => {
          const before = await openMany(proxy, "file");
          for (const stream of before) expect(stream.text()).toContain("retry: 1000\n");
          await writeFile(file, "[http]\nretry_ms = 7000\n");
          await until("the change", () => proxy.output().includes("Configuration changed: http.retry_ms") || undefined);
          await until("every loop to have it", async () => {
            const streams = await openMany(proxy, "file");
            const all = streams.every((stream) => stream.text().includes("retry: 7000\n"));
            closeAll(streams);
            return all || undefined;
          });
          await fetch(`http://127.0.0.1:${proxy.managementPort}/api/v1/log-level`, {
            method: "PUT",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ level: "debug" }),
          });
          const loopsIn = (output: string) =>
            new Set([...output.matchAll(/"message":"Stream opened.*"loop":(\d)/g)].map(([, loop]) => loop));
          await until("a line of every loop", async () => {
            closeAll(await openMany(proxy, "file"));
            return loopsIn(proxy.output()).size === 3 || undefined;
          });
          closeAll(before);
          await rm(file);
        },
        { REVENPROX_LOG_FORMAT: "json" },
        ["--config", file],
      );
    }));
});
