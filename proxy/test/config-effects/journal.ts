import { createHash } from "node:crypto";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { expect } from "vitest";
import type { NatsProcess } from "../../src/mesh/testing/nats-process.ts";
import { type EffectRow, withProxy } from "../testing/effect-row.ts";
import { placedStreams } from "../testing/placed-streams.ts";
import { type Environment, type ProxyProcess, until } from "../testing/proxy-process.ts";
import { openStream, publish } from "../testing/raw-stream.ts";
import { ready, withNats } from "../testing/with-nats.ts";

const stream = "REVENPROX_default";

const topicId = (topic: string): string => createHash("sha256").update(topic).digest("hex").slice(0, 32);

interface OnNats {
  readonly nats: NatsProcess;
  readonly proxy: ProxyProcess;
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
}

/** A proxy that has reached a nats-server of its own, and another client there that watches. */
const onNats = (environment: Environment, use: (parts: OnNats) => Promise<void>, config = ""): Promise<void> =>
  withNats(
    (nats) =>
      withProxy({ REVENPROX_NATS__SERVERS: nats.url, ...environment }, async (proxy) => {
        await ready(proxy);
        const connection = await connect({ servers: nats.url, reconnect: false });
        try {
          await use({ nats, proxy, connection, manager: await jetstreamManager(connection) });
        } finally {
          await connection.close();
        }
      }),
    config,
  );

const attempt = async (port: number, data: string): Promise<{ status: number; code?: string; ms: number }> => {
  const began = Date.now();
  const response = await fetch(`http://127.0.0.1:${port}/events/a`, { method: "POST", body: data });
  const { code } = (await response.json()) as { code?: string };
  return { status: response.status, ...(code === undefined ? {} : { code }), ms: Date.now() - began };
};

/** Whether a resume after the first of `count` events of `size` bytes is told a gap. */
const resumesWithGap = async (environment: Environment, count: number, size: number): Promise<boolean> => {
  let gap = false;
  await withProxy({ REVENPROX_HTTP__MAX_EVENT_SIZE: "1000000", ...environment }, async ({ port }) => {
    const first = await publish(port, "a", "first");
    for (let index = 0; index < count; index += 1) await publish(port, "a", `${index}${"x".repeat(size)}`);
    const last = await publish(port, "a", "last");
    const resumed = openStream(port, "/events/a", { "Last-Event-ID": first });
    gap = (await resumed.waitFor(`id: ${last}\n`)).includes('"reason":"expired"');
    resumed.close();
  });
  return gap;
};

/** Resumes after the first of two events when they are so old. */
const resumesAfter = (environment: Environment, ageSec: number, withGap: boolean): Promise<void> =>
  withProxy(environment, async (proxy) => {
    await ready(proxy);
    const first = await publish(proxy.port, "a", "first");
    await publish(proxy.port, "a", "old");
    await seconds(ageSec);
    const last = await publish(proxy.port, "a", "last");
    const resumed = openStream(proxy.port, "/events/a", { "Last-Event-ID": first });
    const text = await resumed.waitFor(`id: ${last}\n`);
    resumed.close();
    expect([text.includes('"reason":"expired"'), text.includes("data: old\n")]).toEqual([withGap, !withGap]);
  });

/** Port on which the server says who is subscribed to what. */
const monitorPort = (nats: NatsProcess): number =>
  Number(/Starting http monitor on 127\.0\.0\.1:(\d+)/.exec(nats.log())?.[1]);

/** Whether anybody is subscribed to the live events of topic `a`. */
const followed = async (nats: NatsProcess): Promise<boolean> => {
  const connections = await (await fetch(`http://127.0.0.1:${monitorPort(nats)}/connz?subs=1`)).text();
  return connections.includes(`.out.${topicId("a")}`);
};

/** Opens and closes a stream on topic `a`. */
const listenOnce = async (proxy: ProxyProcess): Promise<void> => {
  const listener = openStream(proxy.port, "/events/a");
  await listener.waitFor("id: ");
  listener.close();
};

const seconds = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, count * 1_000));

export const journalRows: readonly EffectRow[] = [
  {
    key: "journal.enabled",
    name: "off: no id, and no stream in NATS; on: both",
    run: async () => {
      for (const enabled of [false, true])
        await onNats({ REVENPROX_JOURNAL__ENABLED: String(enabled) }, async ({ proxy, manager }) => {
          const listener = openStream(proxy.port, "/events/a");
          await placedStreams(proxy);
          const answer = await fetch(`http://127.0.0.1:${proxy.port}/events/a`, { method: "POST", body: "x" });
          expect([answer.status, "id" in ((await answer.json()) as object)]).toEqual([202, enabled]);
          expect((await listener.waitFor("data: x\n\n")).includes("id: ")).toBe(enabled);
          listener.close();
          const streams = await manager.streams.names().next();
          expect(streams.includes(stream)).toBe(enabled);
        });
    },
  },
  {
    key: "journal.max_age_sec",
    name: "after it a resume is told a gap; in time it is told none",
    run: async () => {
      const shortest = { REVENPROX_JOURNAL__MAX_AGE_SEC: "60", REVENPROX_JOURNAL__DUPLICATE_WINDOW_SEC: "60" };
      await withNats(async (nats) => {
        await Promise.all([
          resumesAfter(shortest, 66, true),
          resumesAfter({}, 66, false),
          resumesAfter({ ...shortest, REVENPROX_NATS__SERVERS: nats.url }, 66, true),
        ]);
      });
    },
  },
  {
    key: "journal.max_events_per_topic",
    name: "older ones are gone, which a resume is told",
    run: async () => {
      expect(await resumesWithGap({ REVENPROX_JOURNAL__MAX_EVENTS_PER_TOPIC: "3" }, 5, 1)).toBe(true);
      expect(await resumesWithGap({ REVENPROX_JOURNAL__MAX_EVENTS_PER_TOPIC: "30" }, 5, 1)).toBe(false);
    },
  },
  {
    key: "journal.max_bytes",
    name: "older ones are gone, which a resume is told",
    run: async () => {
      expect(await resumesWithGap({ REVENPROX_JOURNAL__MAX_BYTES: "1048576" }, 4, 400_000)).toBe(true);
      expect(await resumesWithGap({ REVENPROX_JOURNAL__MAX_BYTES: "10485760" }, 4, 400_000)).toBe(false);
    },
  },
  {
    key: "journal.replicas",
    name: "a single server refuses to hold three copies",
    run: () =>
      withNats((nats) =>
        withProxy({ REVENPROX_NATS__SERVERS: nats.url, REVENPROX_JOURNAL__REPLICAS: "3" }, async (proxy) => {
          await until("the refusal", () => /replicas/.test(proxy.output()) || undefined);
          expect((await fetch(`http://127.0.0.1:${proxy.managementPort}/readyz`)).status).toBe(503);
        }),
      ),
  },
  {
    key: "journal.replay_mirror",
    name: "NATS has a mirror of the journal, or none",
    run: () =>
      withNats(async (nats) => {
        const streamsWith = async (replayMirror: string, count: number): Promise<void> => {
          const environment = { REVENPROX_NATS__SERVERS: nats.url, REVENPROX_JOURNAL__REPLAY_MIRROR: replayMirror };
          await withProxy(environment, async (proxy) => {
            await ready(proxy);
            const connection = await connect({ servers: nats.url, reconnect: false });
            const { streams } = await jetstreamManager(connection);
            try {
              await until(`${count} streams`, async () => (await streams.names().next()).length === count || undefined);
            } finally {
              await connection.close();
            }
          });
        };
        await streamsWith("true", 2);
        await streamsWith("false", 1);
      }),
  },
  {
    key: "journal.publish_timeout_ms",
    name: "a publish into an outage is answered with 503 after it",
    run: () =>
      onNats({ REVENPROX_JOURNAL__PUBLISH_TIMEOUT_MS: "1500" }, async ({ nats, proxy }) => {
        await nats.kill();
        const { status, ms } = await attempt(proxy.port, "x");
        expect(status).toBe(503);
        expect(ms).toBeGreaterThan(1_000);
        expect(ms).toBeLessThan(5_000);
      }),
  },
  {
    key: "journal.max_in_flight",
    name: "one publish more is refused at once",
    run: () =>
      onNats(
        { REVENPROX_JOURNAL__MAX_IN_FLIGHT: "2", REVENPROX_JOURNAL__PUBLISH_TIMEOUT_MS: "2000" },
        async ({ nats, proxy }) => {
          await nats.kill();
          const outcomes = Promise.all(["1", "2", "3"].map((data) => attempt(proxy.port, data)));
          const codes = (await outcomes).map(({ code }) => code);
          expect(codes.filter((code) => code === "journal_busy")).toHaveLength(1);
        },
      ),
  },
  {
    key: "journal.sweep_interval_sec",
    name: "served topics are compared with the journal that often",
    run: () =>
      onNats({ REVENPROX_JOURNAL__SWEEP_INTERVAL_SEC: "1" }, async ({ proxy, connection }) => {
        let comparisons = 0;
        connection.subscribe(`$JS.API.DIRECT.GET.${stream}`, {
          callback: (_fault, message) => {
            if (message.string().includes("multi_last")) comparisons += 1;
          },
        });
        const listener = openStream(proxy.port, "/events/a");
        await listener.waitFor("id: ");
        await until("six comparisons", () => comparisons >= 6 || undefined, 10_000);
        listener.close();
      }),
  },
  {
    key: "journal.interest_linger_sec",
    name: "the topic is followed that long after its last listener",
    run: async () => {
      const monitored = "http_port: -1";
      const linger = (value: string) => ({ REVENPROX_JOURNAL__INTEREST_LINGER_SEC: value });
      await onNats(
        linger("1"),
        async ({ nats, proxy }) => {
          await listenOnce(proxy);
          expect(await followed(nats)).toBe(true);
          await until("nobody to follow", async () => !(await followed(nats)) || undefined, 6_000);
        },
        monitored,
      );
      await onNats(
        linger("60"),
        async ({ nats, proxy }) => {
          await listenOnce(proxy);
          await seconds(4);
          expect(await followed(nats)).toBe(true);
        },
        monitored,
      );
    },
  },
];
