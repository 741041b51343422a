import { deepEqual, equal } from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificate } from "../../test/testing/certificates.ts";
import { type Bench, send } from "../bench.ts";
import { type ConformanceCase, eventSources, readers } from "../case.ts";
import { mustBeSilent, mustReceive } from "../delivery.ts";
import { survivor } from "../watched.ts";

const passMilliseconds = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, count));

/** Publishes texts, in turn to the topics `…-a` and `…-b` of the case. */
const sendInTurn = async (bench: Bench, texts: readonly string[], suffix = ""): Promise<readonly string[]> => {
  const ids: string[] = [];
  for (const [index, data] of texts.entries()) {
    const topic = `${bench.topic}${suffix}-${index % 2 === 0 ? "a" : "b"}`;
    ids.push(await send(bench.proxy.port, topic, { data }));
  }
  return ids;
};

const bothTopics = (bench: Bench, suffix = ""): string =>
  `/events?topic=${bench.topic}${suffix}-a&topic=${bench.topic}${suffix}-b`;

const events = (texts: readonly string[]) => texts.map((data) => ({ data }));

interface Beginner {
  readonly bench: Bench;
  readonly name: (typeof eventSources)[number];
  readonly topic: string;
}

/** The stream begins with what `query` asks for; cut, it goes on by its last id, which counts for more. */
const mustBeginOnceWith = async (
  { bench, name, topic }: Beginner,
  query: string,
  texts: readonly string[],
  ids: readonly string[],
): Promise<void> => {
  const relay = await bench.relay();
  const opened = [{ name, listener: await bench.open(name, `${relay.base}/events/${topic}?${query}`) }];
  await mustReceive(opened, events(texts), ids);
  relay.cut();
  await mustReceive(opened, events(["next"]), [await send(bench.proxy.port, topic, { data: "next" })]);
  await mustBeSilent(opened);
  equal(relay.requests[1]?.headers.get("last-event-id"), ids.at(-1));
};

/** What a client may ask of a stream beyond one topic from now on. */
export const streamCases: readonly ConformanceCase[] = [
  {
    name: "several-topics",
    demand: "One stream brings events of several topics in the order in which they were stored",
    section: "processing",
    judges: readers,
    run: async (bench) => {
      const opened = await Promise.all(
        readers.map(async (name) => {
          const listener = await bench.open(name, `${bench.base}${bothTopics(bench)}`);
          await listener.changes(1);
          return { name, listener };
        }),
      );
      const texts = ["1", "2", "3", "4", "5", "6"];
      await mustReceive(opened, events(texts), await sendInTurn(bench, texts));
      await mustBeSilent(opened);
    },
  },
  {
    name: "several-topics-resumed",
    demand: "One id resumes a stream of several topics: what was missed of each comes once and in order",
    section: "lastEventId",
    wpt: "eventsource-reconnect",
    judges: eventSources,
    run: async (bench) => {
      await Promise.all(
        eventSources.map(async (name) => {
          const suffix = `-${name}`;
          const relay = await bench.relay();
          const listener = await bench.open(name, `${relay.base}${bothTopics(bench, suffix)}`);
          await listener.changes(1);
          const opened = [{ name, listener }];
          await mustReceive(opened, events(["1", "2"]), await sendInTurn(bench, ["1", "2"], suffix));
          relay.cut();
          const missed = ["3", "4", "5"];
          await mustReceive(opened, events(missed), await sendInTurn(bench, missed, suffix));
          await mustReceive(opened, events(["6", "7"]), await sendInTurn(bench, ["6", "7"], suffix));
          await mustBeSilent(opened);
        }),
      );
    },
  },
  {
    name: "envelope",
    demand: "In an envelope every payload arrives as JSON with its topic, id and type, whatever it holds",
    section: "interpretation",
    judges: readers,
    run: async (bench) => {
      const data = "\ufeff one\r\ntwo\u0000\u2028 👩‍👩‍👧‍👦\n";
      const opened = await Promise.all(
        readers.map(async (name) => {
          const listener = await bench.open(name, `${bench.base}${bench.path}?envelope=json`, { types: ["tick"] });
          await listener.changes(1);
          return { name, listener };
        }),
      );
      const id = await bench.send({ data, event: "tick" });
      for (const { listener } of opened) {
        const [event] = await listener.take(1);
        deepEqual([event?.type, event?.lastEventId], ["tick", id]);
        deepEqual(JSON.parse(event?.data ?? ""), { topic: bench.topic, id, event: "tick", data });
      }
    },
  },
  {
    name: "bootstrap-by-last",
    demand: "A first request may ask for the last events; its reconnect sends an id, which counts for more",
    section: "lastEventId",
    judges: eventSources,
    run: async (bench) => {
      await Promise.all(
        eventSources.map(async (name) => {
          const topic = `${bench.topic}-${name}`;
          const publish = (data: string) => send(bench.proxy.port, topic, { data });
          const ids = [await publish("1"), await publish("2"), await publish("3")];
          await mustBeginOnceWith({ bench, name, topic }, "last=2", ["2", "3"], ids.slice(1));
        }),
      );
    },
  },
  {
    name: "bootstrap-by-since",
    demand: "A first request may ask for the events since a time; its reconnect sends an id, which counts for more",
    section: "lastEventId",
    judges: eventSources,
    run: async (bench) => {
      await Promise.all(
        eventSources.map(async (name) => {
          const topic = `${bench.topic}-${name}`;
          const publish = (data: string) => send(bench.proxy.port, topic, { data });
          await publish("before");
          await passMilliseconds(20);
          const since = new Date().toISOString();
          await passMilliseconds(20);
          const ids = [await publish("1"), await publish("2")];
          await mustBeginOnceWith({ bench, name, topic }, `since=${encodeURIComponent(since)}`, ["1", "2"], ids);
        }),
      );
    },
  },
  {
    name: "over-tls",
    demand: "Over TLS a stream is the same: open at once, whole, and resumed after its end",
    section: "processing",
    judges: ["chromium"],
    run: async (bench) => {
      const folder = await mkdtemp(join(tmpdir(), "conformance-tls-"));
      bench.later(() => rm(folder, { recursive: true }));
      const { certFile, keyFile } = await makeCertificate(folder, "proxy");
      const proxy = await bench.fleet.start(
        {
          REVENPROX_HTTP__TLS_CERT_FILE: certFile,
          REVENPROX_HTTP__TLS_KEY_FILE: keyFile,
          REVENPROX_HTTP__MAX_CONNECTION_AGE_SEC: "3",
        },
        true,
      );
      bench.later(() => proxy.stop());
      const journal = await survivor(bench);
      const listener = await bench.open("chromium", `https://127.0.0.1:${proxy.port}${bench.path}`);
      await listener.changes(1);
      const opened = [{ name: "chromium" as const, listener }];
      const large = { data: "é\r\n".repeat(40_000) };
      await mustReceive(opened, [large], [await send(journal.port, bench.topic, large)]);
      deepEqual((await listener.changes(3)).slice(0, 3), ["open", "reconnecting", "open"]);
      await mustReceive(opened, events(["after"]), [await send(journal.port, bench.topic, { data: "after" })]);
      await mustBeSilent(opened);
    },
  },
  {
    name: "published-as-a-batch",
    demand: "The lines of a batch arrive as events of their own, in order",
    section: "interpretation",
    judges: readers,
    run: async (bench) => {
      const opened = await bench.openAll({ types: ["tick"] });
      const batch = [{ data: "1" }, { data: "\r\n", event: "tick" }, { data: "" }, { data: "last\n" }];
      const response = await fetch(`${bench.base}${bench.path}`, {
        method: "POST",
        body: batch.map((line) => JSON.stringify(line)).join("\n"),
        headers: { "content-type": "application/x-ndjson" },
      });
      equal(response.status, 202);
      await response.text();
      const expected = batch.map(({ data, event = "message" }) => [event, data.replace(/\r\n?/g, "\n")]);
      for (const { listener } of opened) {
        const read = await listener.take(batch.length);
        deepEqual(
          read.map(({ type, data }) => [type, data]),
          expected,
        );
        equal(new Set(read.map(({ lastEventId }) => lastEventId)).size, batch.length);
      }
    },
  },
];
