import { expect } from "vitest";
import { withProxy } from "../testing/effect-row.ts";
import { openStream, publish } from "../testing/raw-stream.ts";
import { changesOf, type MetricRow, sample, scrape, untilSample } from "../testing/scrape.ts";

const quiet = { REVENPROX_HTTP__KEEPALIVE_INTERVAL_SEC: "3600" };

export const streamRows: readonly MetricRow[] = [
  {
    metrics: ["streams_moved_total"],
    truth: "streams that were shed and those that a shutdown ended count, a client that leaves does not",
    run: () =>
      withProxy({ ...quiet, REVENPROX_PROXY_ID: "moving" }, async (proxy) => {
        const streams = Array.from({ length: 6 }, () => openStream(proxy.port, "/events/t"));
        await Promise.all(streams.map((stream) => stream.waitFor("id: ")));
        const ask = (path: string, body: object) =>
          fetch(`http://127.0.0.1:${proxy.managementPort}/api/v1/${path}`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify(body),
          });
        streams[5]?.close();
        await untilSample(proxy, "connections_active", (value) => value === 5);
        await ask("shed", { streams: 2, keep: 0, rate_per_sec: 1_000 });
        await untilSample(proxy, "connections_active", (value) => value === 3);
        const confirm = "moving";
        await ask("drain", { confirm });
        await untilSample(proxy, "connections_active", (value) => value === 0);
        const now = await scrape(proxy);
        expect([now.get('streams_moved_total{reason="shed"}'), now.get('streams_moved_total{reason="drain"}')]).toEqual(
          [2, 3],
        );
      }),
  },
  {
    metrics: [
      "connections_active",
      "connections_total",
      "connections_rejected",
      "connections_limit",
      "connection_duration_seconds",
      "topics_active",
      "requests_total",
    ],
    truth: "streams and topics count while they are open, and one too many counts as rejected",
    run: () =>
      withProxy({ ...quiet, REVENPROX_HTTP__MAX_CONNECTIONS: "3" }, async (proxy) => {
        const streams = ["a", "a", "b"].map((topic) => openStream(proxy.port, `/events/${topic}`));
        await Promise.all(streams.map((stream) => stream.waitFor("id: ")));
        const open = await scrape(proxy);
        expect(
          ["connections_active", "connections_total", "topics_active", "connections_limit", "connections_rejected"].map(
            (name) => open.get(name),
          ),
        ).toEqual([3, 3, 2, 3, 0]);
        expect(open.get('requests_total{route="subscribe",class="success"}')).toBe(3);

        const refused = await changesOf(proxy, () => fetch(`http://127.0.0.1:${proxy.port}/events/a`));
        expect(refused).toMatchObject({
          connections_rejected: 1,
          'requests_total{route="subscribe",class="unavailable"}': 1,
        });
        expect(refused).not.toHaveProperty("connections_total");

        const began = Date.now();
        streams[2]?.close();
        await untilSample(proxy, "connections_active", (value) => value === 2);
        const closed = await scrape(proxy);
        expect([
          closed.get("topics_active"),
          closed.get("connections_total"),
          closed.get("connection_duration_seconds_count"),
        ]).toEqual([1, 3, 1]);
        const lifetime = closed.get("connection_duration_seconds_sum") ?? 0;
        expect(lifetime).toBeGreaterThan(0);
        expect(lifetime).toBeLessThan((Date.now() - began) / 1_000 + 60);
        for (const stream of streams) stream.close();
        await untilSample(proxy, "connections_active", (value) => value === 0);
        expect(await sample(proxy, "connection_duration_seconds_count")).toBe(3);
      }),
  },
  {
    metrics: [
      "messages_sent_total",
      "bytes_sent_total",
      "message_latency_ms",
      "publish_duration_seconds",
      "journal_messages",
      "journal_bytes",
      "queue_bytes",
      "requests_total",
    ],
    truth:
      "an event counts once for each stream that gets it, in messages and in bytes, once in latency and in the journal",
    run: () =>
      withProxy(quiet, async (proxy) => {
        const streams = ["m", "m", "other"].map((topic) => openStream(proxy.port, `/events/${topic}`));
        await Promise.all(streams.map((stream) => stream.waitFor("id: ")));
        const size = () => streams.reduce((sum, stream) => sum + Buffer.byteLength(stream.text()), 0);
        const before = size();
        const changes = await changesOf(proxy, async () => {
          await publish(proxy.port, "m", "payload");
          await Promise.all(streams.slice(0, 2).map((stream) => stream.waitFor("payload\n\n")));
        });
        expect(changes).toMatchObject({
          messages_sent_total: 2,
          bytes_sent_total: size() - before,
          message_latency_ms_count: 1,
          'message_latency_ms_bucket{le="+Inf"}': 1,
          publish_duration_seconds_count: 1,
          journal_messages: 1,
          journal_bytes: "payload".length + 256,
          'requests_total{route="publish",class="success"}': 1,
        });
        expect(changes["queue_bytes"]).toBeGreaterThan("payload".length);
        expect(changes["message_latency_ms_sum"] ?? 0).toBeGreaterThanOrEqual(0);
        expect(changes).not.toHaveProperty("connections_active");
        for (const stream of streams) stream.close();
      }),
  },
  {
    metrics: ["resumes_total", "gaps_told_total"],
    truth: "a stream with an id counts once, by what became of it",
    run: () =>
      withProxy({ ...quiet, REVENPROX_JOURNAL__MAX_EVENTS_PER_TOPIC: "3" }, async (proxy) => {
        const ids: string[] = [];
        for (let index = 0; index < 6; index += 1) ids.push(await publish(proxy.port, "r", `event ${index}`));
        const [epoch = ""] = (ids[0] ?? "").split("-");
        const resumed = (id: string, gaps: number) =>
          changesOf(proxy, async () => {
            const stream = openStream(proxy.port, "/events/r", { "Last-Event-ID": id });
            await stream.waitFor("id: ");
            await publish(proxy.port, "other", "x");
            if (gaps > 0) await stream.waitFor("revenprox.gap");
            else await stream.waitFor("event 5");
            stream.close();
          });
        const cases = [
          ["continued", ids[4] ?? "", 0],
          ["invalid", "nonsense", 1],
          ["reset", `${Number(epoch) - 1_000}-001`, 1],
          ["future", `${epoch}-99999`, 1],
          ["expired", ids[0] ?? "", 1],
        ] as const;
        for (const [result, id, gaps] of cases) {
          const changes = await resumed(id, gaps);
          const counted = Object.entries(changes).filter(([name]) => name.startsWith("resumes_total"));
          expect([result, counted, changes["gaps_told_total"] ?? 0]).toEqual([
            result,
            [[`resumes_total{result="${result}"}`, 1]],
            gaps,
          ]);
        }
      }),
  },
  {
    metrics: ["messages_dropped_total", "drops_total", "streams_blocked", "queue_limit_bytes"],
    truth:
      "a stream whose client takes nothing counts as blocked, and what it never gets as dropped: as many as it is told",
    run: () =>
      withProxy(
        {
          ...quiet,
          REVENPROX_HTTP__BACKPRESSURE_POLICY: "drop_oldest",
          REVENPROX_HTTP__MAX_MESSAGE_QUEUE_SIZE: "5",
          REVENPROX_HTTP__SLOW_CLIENT_TIMEOUT_SEC: "3600",
        },
        async (proxy) => {
          const stream = openStream(proxy.port, "/events/a");
          await stream.waitFor("id: ");
          stream.socket.pause();
          for (let index = 0; index < 150; index += 1) await publish(proxy.port, "a", "x".repeat(100_000));
          expect(await sample(proxy, "streams_blocked")).toBe(1);
          expect(await sample(proxy, "queue_limit_bytes")).toBe(67_108_864);
          stream.socket.resume();
          await publish(proxy.port, "a", "the end");
          await stream.waitFor("data: the end\n\n");
          const told = [...stream.text().matchAll(/^data: (\{.*"reason":"slow_consumer".*)$/gm)].reduce(
            (sum, [, gap]) => {
              const { from, to } = JSON.parse(gap ?? "") as { from: string; to: string };
              return sum + Number(to.split("-")[1]) - Number(from.split("-")[1]);
            },
            0,
          );
          expect(told).toBeGreaterThan(0);
          const now = await scrape(proxy);
          expect([
            now.get("messages_dropped_total"),
            now.get('drops_total{reason="slow_consumer"}'),
            now.get('drops_total{reason="expired"}'),
            now.get("streams_blocked"),
          ]).toEqual([told, told, 0, 0]);
          stream.close();
        },
      ),
  },
  {
    metrics: ["slow_clients_closed_total", "streams_blocked"],
    truth: "a stream that is cut because its client takes nothing counts once, and is blocked no more",
    run: () =>
      withProxy({ ...quiet, REVENPROX_HTTP__SLOW_CLIENT_TIMEOUT_SEC: "2" }, async (proxy) => {
        const stream = openStream(proxy.port, "/events/a");
        await stream.waitFor("id: ");
        stream.socket.pause();
        for (let index = 0; index < 100; index += 1) await publish(proxy.port, "a", "x".repeat(200_000));
        await untilSample(proxy, "slow_clients_closed_total", (value) => value === 1);
        expect([await sample(proxy, "streams_blocked"), await sample(proxy, "connections_active")]).toEqual([0, 0]);
        stream.close();
      }),
  },
];
