import { randomUUID } from "node:crypto";
import { connect, type NatsConnection, headers as natsHeaders } from "@nats-io/transport-node";
import { natsServer } from "@revenprox/cluster";
import { natsSubjects } from "@revenprox/contract/nats-subjects";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LiveEvent } from "../hub/ports.ts";
import { dataOf, readAll, store, topicNumber } from "./testing/event-text.ts";
import { eventually } from "./testing/eventually.ts";
import { type NatsProcess, startNats } from "./testing/nats-process.ts";
import { openProxyJournal, type ProxyJournal } from "./testing/proxy-journal.ts";

let nats: NatsProcess;
let stranger: NatsConnection;
let proxy: ProxyJournal;
const instance = randomUUID();
let topics = 0;

beforeAll(async () => {
  nats = await startNats({ program: await natsServer() });
  stranger = await connect({ servers: nats.url });
  proxy = openProxyJournal({ url: nats.url, instance });
  await proxy.ready();
});
afterAll(async () => {
  await proxy.journal.close();
  await stranger.close();
  await nats.dispose();
});
beforeEach(() => {
  topics += 1;
});

type Headers = Readonly<Record<string, string>>;

const publish = async (data: string | Uint8Array, fields: Headers): Promise<void> => {
  const headers = natsHeaders();
  for (const [name, value] of Object.entries(fields)) headers.append(name, value);
  await stranger.request(natsSubjects(instance).in(topicNumber(topics)), data, { headers, timeout: 2_000 });
};

const followed = async (): Promise<LiveEvent[]> => {
  const told: LiveEvent[] = [];
  await proxy.journal.follow(topicNumber(topics), (live) => told.push(live));
  return told;
};

describe("messages that others publish straight to NATS", () => {
  it("are events with the type and the retry of their headers", async () => {
    const told = await followed();
    await publish("hello", { "Revenprox-Event": "gr\u00fc\u00dfe", "Revenprox-Retry": "90000", "X-Other": "kept" });
    await eventually("it is told", () => told.length === 1);
    const [stored] = await readAll(proxy.journal, topicNumber(topics));
    for (const each of [told[0], stored]) expect(each?.event).toMatchObject({ type: "gr\u00fc\u00dfe", retry: 60_000 });
    expect(told.map(dataOf)).toEqual(["hello"]);
  });

  it("are events without any header too", async () => {
    const told = await followed();
    await stranger.request(natsSubjects(instance).in(topicNumber(topics)), "plain");
    await eventually("it is told", () => told.length === 1);
    expect(told.map(dataOf)).toEqual(["plain"]);
    expect((await readAll(proxy.journal, topicNumber(topics))).map(dataOf)).toEqual(["plain"]);
  });

  it.each<[string, Headers, string | Uint8Array]>([
    ["a forged sequence", { "Nats-Sequence": "1" }, "x"],
    ["a forged last sequence", { "Nats-Last-Sequence": "999999" }, "x"],
    ["a forged time stamp", { "Nats-Time-Stamp": "2001-01-01T00:00:00Z" }, "x"],
    ["a forged number of pending messages", { "Nats-Num-Pending": "0" }, "x"],
    ["a forged subject", { "Nats-Subject": "elsewhere" }, "x"],
    ["a reserved event type", { "Revenprox-Event": "revenprox.gap" }, "x"],
    ["a retry that is no number", { "Revenprox-Retry": "soon" }, "x"],
    ["more data than max_event_size", {}, "x".repeat(300_000)],
    ["an event type with a line end", { "Revenprox-Event": "a\u2028b\u0000" }, "x"],
    ["data that is not UTF-8", { "X-Other": "" }, new Uint8Array([0x66, 0xff, 0x66])],
  ])("are skipped with %s, and their sequence counts as passed", async (_, headers, data) => {
    const told = await followed();
    const first = await store(proxy.journal, topicNumber(topics), "before");
    const malformed = proxy.malformed();
    await publish(data, headers);
    const last = await store(proxy.journal, topicNumber(topics), "after");
    await eventually("all three are told", () => told.length === 3);
    expect(told.map(dataOf)).toEqual(["before", undefined, "after"]);
    expect(told.map((live) => live.previous)).toEqual([0, first.sequence, told[1]?.sequence]);
    expect(told[1]?.sequence).toBe(last.sequence - 1);
    expect(proxy.malformed()).toBe(malformed + 1);

    const read = await readAll(proxy.journal, topicNumber(topics));
    expect(read.map(dataOf)).toEqual(["before", undefined, "after"]);
    expect(read.map((stored) => stored.sequence)).toEqual(told.map((live) => live.sequence));
    const { last: tails } = await proxy.journal.tails([topicNumber(topics)]);
    expect(tails.get(topicNumber(topics))).toBe(last.sequence);
  });

  it("cannot fake a nudge that is none", async () => {
    const malformed = proxy.malformed();
    const subjects = natsSubjects(instance);
    stranger.publish(subjects.nudge(topicNumber(topics)), "not json");
    stranger.publish(subjects.nudge("no-topic"), JSON.stringify({ v: 1, sequence: 3 }));
    stranger.publish(subjects.nudge(topicNumber(topics)), JSON.stringify({ v: 1, sequence: 7 }));
    await eventually("the good one is told", () => proxy.listener.nudges.length === 1);
    expect(proxy.listener.nudges).toEqual([{ topicId: topicNumber(topics), sequence: 7 }]);
    expect(proxy.malformed()).toBe(malformed + 2);
  });

  it("cannot rename the journal with a record that is none", async () => {
    const epoch = proxy.journal.known?.epoch;
    const subjects = natsSubjects(instance);
    await stranger.request(subjects.in(subjects.epochToken), "nonsense");
    await eventually("a record is written again", async () => {
      // While the journal may be another one, nothing is read from it.
      const tails = await proxy.journal.tails([topicNumber(topics)]).catch(() => undefined);
      return tails?.last.size === 1 && proxy.journal.known?.epoch !== undefined && proxy.listener.resyncs.length > 1;
    });
    await store(proxy.journal, topicNumber(topics), "still here");
    expect(proxy.journal.connected).toBe(true);
    expect(epoch).toBeDefined();
  });
});
