import { connect } from "@nats-io/transport-node";
import { natsServer } from "@revenprox/cluster";
import { journalStream, natsSubjects } from "@revenprox/contract/nats-subjects";
import { expect } from "vitest";
import { topicIdOf } from "../../src/edge/topic-id.ts";
import type { Topic } from "../../src/hub/event.ts";
import { createHub } from "../../src/hub/hub.ts";
import { hubOnModel, text, topicOf } from "../../src/hub/testing/hub-under-test.ts";
import { ManualClock } from "../../src/hub/testing/manual-clock.ts";
import { ModelJournal } from "../../src/hub/testing/model-journal.ts";
import { RecordingSink } from "../../src/hub/testing/recording-sink.ts";
import { type NatsProcess, startNats } from "../../src/mesh/testing/nats-process.ts";
import { hubMetrics } from "../../src/telemetry/hub-metrics.ts";
import { createMetrics } from "../../src/telemetry/scrape.ts";
import { startRelay } from "../faults/testing/relay.ts";
import { type Environment, type ProxyProcess, startProxyProcess, until } from "../testing/proxy-process.ts";
import { openStream, publish } from "../testing/raw-stream.ts";
import { changesOf, type MetricRow, sample, scrape, untilSample } from "../testing/scrape.ts";
import { ready } from "../testing/with-nats.ts";

interface Bus {
  readonly nats: NatsProcess;
  /** A proxy on the bus; `port` is another way to the server. */
  proxy(id: string, environment?: Environment, port?: number): Promise<ProxyProcess>;
}

const withBus = async (use: (bus: Bus) => Promise<void>): Promise<void> => {
  const nats = await startNats({ program: await natsServer() });
  const proxies: ProxyProcess[] = [];
  const proxy: Bus["proxy"] = async (id, environment = {}, port = nats.port) => {
    const started = await startProxyProcess({
      REVENPROX_NATS__SERVERS: `nats://127.0.0.1:${port}`,
      REVENPROX_PROXY_ID: id,
      REVENPROX_DISTRIBUTED_STATE__GOSSIP_INTERVAL_SEC: "1",
      REVENPROX_DISTRIBUTED_STATE__PEER_TIMEOUT_SEC: "4",
      ...environment,
    });
    proxies.push(started);
    await ready(started);
    return started;
  };
  try {
    await use({ nats, proxy });
  } finally {
    await Promise.all(proxies.map((started) => started.stop()));
    await nats.dispose();
  }
};

export const busRows: readonly MetricRow[] = [
  {
    metrics: ["peers_connected", "sync_messages_sent", "topics_active", "messages_sent_total", "clock_offset_seconds"],
    truth: "each proxy counts its peers and its own streams, not those of others; a peer that is gone is no peer",
    run: () =>
      withBus(async ({ proxy }) => {
        const [a, b] = await Promise.all([proxy("a"), proxy("b")]);
        await Promise.all([a, b].map((each) => untilSample(each, "peers_connected", (value) => value === 1)));
        const stream = openStream(b.port, "/events/t");
        await stream.waitFor("id: ");
        const other = await scrape(a);
        await publish(a.port, "t", "payload");
        await stream.waitFor("payload");
        const [onA, onB] = [await scrape(a), await scrape(b)];
        expect([onB.get("messages_sent_total"), onB.get("topics_active"), onB.get("connections_active")]).toEqual([
          1, 1, 1,
        ]);
        for (const name of ["messages_sent_total", "topics_active", "connections_active"])
          expect([name, onA.get(name)]).toEqual([name, other.get(name)]);
        const sent = await sample(a, "sync_messages_sent");
        await untilSample(a, "sync_messages_sent", (value) => value >= sent + 2);
        // One machine has one clock.
        expect(Math.abs(await sample(a, "clock_offset_seconds"))).toBeLessThan(1);
        b.child.kill("SIGKILL");
        await untilSample(a, "peers_connected", (value) => value === 0);
        stream.close();
      }),
  },
  {
    metrics: ["sync_lag_seconds", "journal_lag_seconds", "degraded", "refusals_total", "requests_total"],
    truth: "while the bus is gone both lags grow, the proxy says that it is degraded, and publishes count as refused",
    run: () =>
      withBus(async ({ nats, proxy }) => {
        const a = await proxy("a", { REVENPROX_JOURNAL__PUBLISH_TIMEOUT_MS: "200" });
        const before = await scrape(a);
        expect([
          before.get("degraded"),
          before.get("journal_lag_seconds")! < 30,
          before.get("sync_lag_seconds")! < 30,
        ]).toEqual([0, true, true]);
        await nats.kill();
        await untilSample(a, "degraded", (value) => value === 1);
        await untilSample(a, "journal_lag_seconds", (value) => value > 6);
        await untilSample(a, "sync_lag_seconds", (value) => value > 6);
        const changes = await changesOf(a, () =>
          fetch(`http://127.0.0.1:${a.port}/events/t`, { method: "POST", body: "x" }),
        );
        expect(changes).toMatchObject({
          'refusals_total{reason="journal"}': 1,
          'requests_total{route="publish",class="unavailable"}': 1,
        });
        await nats.restart();
        await untilSample(a, "degraded", (value) => value === 0);
        await untilSample(a, "journal_lag_seconds", (value) => value < 6);
        await untilSample(a, "sync_lag_seconds", (value) => value < 6);
      }),
  },
  {
    metrics: ["malformed_messages_total", "journal_messages", "journal_bytes", "journal_limit_bytes"],
    truth: "what is no event counts as malformed where its topic is followed; the journal's size is read from it",
    run: () =>
      withBus(async ({ nats, proxy }) => {
        const [a, b] = await Promise.all([proxy("a"), proxy("b")]);
        const stream = openStream(a.port, "/events/t");
        await stream.waitFor("id: ");
        const client = await connect({ servers: nats.url });
        const before = await sample(b, "malformed_messages_total");
        const changes = await changesOf(a, async () => {
          client.publish(natsSubjects("default").in(topicIdOf("t" as Topic)), new Uint8Array([0xff, 0xfe]));
          await client.drain();
          await publish(a.port, "t", "after it");
          await stream.waitFor("after it");
        });
        expect([changes["malformed_messages_total"], changes["messages_sent_total"]]).toEqual([1, 1]);
        expect(await sample(b, "malformed_messages_total")).toBe(before);
        expect(await sample(a, "journal_limit_bytes")).toBe(536_870_912);
        const asked = await connect({ servers: nats.url });
        await until(
          "the journal's size to be read",
          async () => {
            const now = await scrape(a);
            const info = await asked.request(`$JS.API.STREAM.INFO.${journalStream("default")}`);
            const { state } = info.json<{ state: { messages: number; bytes: number } }>();
            const isRead = now.get("journal_messages") === state.messages && now.get("journal_bytes") === state.bytes;
            return isRead && state.messages > 2 ? true : undefined;
          },
          60_000,
        );
        await asked.close();
        stream.close();
      }),
  },
  {
    metrics: ["holes_filled_total", "journal_reads_total", "messages_sent_total"],
    truth: "what was published while a proxy was cut off is fetched afterwards, and counts as filled",
    run: () =>
      withBus(async ({ nats, proxy }) => {
        const relay = await startRelay(nats.port);
        const [a, cut] = [await proxy("a"), await proxy("cut", {}, relay.port)];
        const stream = openStream(cut.port, "/events/t");
        await stream.waitFor("id: ");
        await publish(a.port, "t", "before");
        await stream.waitFor("before");
        const changes = await changesOf(cut, async () => {
          relay.cut();
          await untilSample(cut, "degraded", (value) => value === 1);
          for (const data of ["lost 1", "lost 2", "lost 3"]) await publish(a.port, "t", data);
          relay.pass();
          await until("the lost events", () => (stream.text().includes("lost 3") ? true : undefined), 60_000);
        });
        expect([changes["holes_filled_total"], changes["messages_sent_total"]]).toEqual([3, 3]);
        expect(changes['journal_reads_total{source="tails"}']).toBeGreaterThan(0);
        stream.close();
        await relay.close();
      }),
  },
  {
    metrics: ["replays_running", "replays_waiting"],
    truth: "reads of the journal for streams that come back, at most 8 at once while it does not answer",
    run: () =>
      withBus(async ({ nats, proxy }) => {
        const relay = await startRelay(nats.port);
        const a = await proxy("a", {}, relay.port);
        const topics = Array.from({ length: 12 }, (_, index) => `t${index}`);
        const ids: string[] = [];
        for (const topic of topics) {
          ids.push(await publish(a.port, topic, "first"));
          await publish(a.port, topic, "second");
        }
        const heads = topics.map((topic) => openStream(a.port, `/events/${topic}`));
        await Promise.all(heads.map((stream) => stream.waitFor("id: ")));
        expect([await sample(a, "replays_running"), await sample(a, "replays_waiting")]).toEqual([0, 0]);
        relay.stallAnswers();
        const resumed = topics.map((topic, index) =>
          openStream(a.port, `/events/${topic}`, { "Last-Event-ID": ids[index] ?? "" }),
        );
        await until("12 reads, 8 of them at once", async () => {
          const now = await scrape(a);
          return now.get("replays_running") === 8 && now.get("replays_waiting") === 4 ? true : undefined;
        });
        relay.pass();
        await Promise.all(resumed.map((stream) => stream.waitFor("second")));
        await untilSample(a, "replays_running", (value) => value === 0);
        for (const stream of [...heads, ...resumed]) stream.close();
        await relay.close();
      }),
  },
  {
    metrics: ["late_messages_total"],
    truth: "an event that was lost at its topic's end reaches a stream of several topics late, and counts once",
    run: async () => {
      // NATS cannot be made to lose one message of one topic, so the journal is the model that the hub's own tests use.
      const clock = new ManualClock();
      const journal = new ModelJournal(clock);
      const metrics = createMetrics(async () => 0);
      const { settings } = hubOnModel();
      const quiet = () => undefined;
      const hub = createHub({
        journal,
        clock,
        random: () => 0.5,
        metrics: hubMetrics(metrics),
        log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
        settings: () => settings,
        sweepIntervalSec: 5,
        interestLingerSec: 3,
      });
      hub.open({ topics: ["a", "b"].map(topicOf), encoding: "plain", lastEventId: undefined }, new RecordingSink());
      await clock.advance(2_000);
      journal.losing = true;
      journal.store(topicOf("a").topicId, text("lost"));
      journal.losing = false;
      journal.store(topicOf("b").topicId, text("told"));
      await clock.settle();
      expect((await metrics.scrape()).text).toContain("\nrevenprox_late_messages_total 0\n");
      await clock.advance(6_000);
      expect((await metrics.scrape()).text).toContain("\nrevenprox_late_messages_total 1\n");
      hub.stop();
    },
  },
];
