import { randomUUID } from "node:crypto";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { natsServer } from "@revenprox/cluster";
import { natsSubjects } from "@revenprox/contract/nats-subjects";
import { afterAll, beforeAll, expect, it } from "vitest";
import { topicNumber } from "../testing/event-text.ts";
import { eventually } from "../testing/eventually.ts";
import { type NatsProcess, startNats } from "../testing/nats-process.ts";
import { openProxyJournal, type ProxyJournal } from "../testing/proxy-journal.ts";
import { systemClock } from "../testing/system-clock.ts";
import { TopicCensus } from "./topic-census.ts";

const instance = randomUUID();
const subjects = natsSubjects(instance);
const running: ProxyJournal[] = [];
let nats: NatsProcess;
let stranger: NatsConnection;
let malformed = 0;

beforeAll(async () => {
  nats = await startNats({ program: await natsServer() });
  stranger = await connect({ servers: nats.url });
});
afterAll(async () => {
  await Promise.all(running.map(({ journal }) => journal.close()));
  await stranger.close();
  await nats.dispose();
});

const quiet = () => undefined;

const start = async (proxyId: string, count: number): Promise<TopicCensus> => {
  const proxy = openProxyJournal({ url: nats.url, instance, proxyId });
  running.push(proxy);
  const census = new TopicCensus({
    clock: systemClock,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    bus: proxy.journal.bus,
    instance,
    proxyId,
    subscribers: (topicId) => (topicId === topicNumber(1) ? count : 0),
    onSent: quiet,
    onMalformed: () => {
      malformed += 1;
    },
  });
  census.start();
  await proxy.ready();
  await eventually("the connection", () => proxy.journal.bus.connection !== undefined);
  await proxy.journal.bus.connection?.flush();
  return census;
};

it("counts at every peer, ends as soon as all have answered, and names those that did not", async () => {
  const a = await start("a", 1);
  await start("b", 2);
  await start("c", 3);
  const all = await a.ask(topicNumber(1), ["b", "c"]);
  expect([Object.fromEntries(all.counts), all.silent]).toEqual([{ b: 2, c: 3 }, []]);
  expect(Object.fromEntries((await a.ask(topicNumber(2), ["b", "c"])).counts)).toEqual({ b: 0, c: 0 });

  const lonely = await start("d", 4);
  const some = await lonely.ask(topicNumber(1), ["a", "gone"]);
  expect(some.counts.get("a")).toBe(1);
  expect(some.silent).toEqual(["gone"]);
});

it("asks nobody when it has no peers", async () => {
  const alone = await start("e", 4);
  expect(await alone.ask(topicNumber(1), [])).toEqual({ counts: new Map(), silent: [] });
});

it("passes over what is no question and no answer, and answers nowhere else", async () => {
  const before = malformed;
  const heard: string[] = [];
  stranger.subscribe(subjects.stateAll, { callback: (_fault, message) => void heard.push(message.subject) });
  stranger.publish(subjects.census(topicNumber(1)), "bad.subject.>");
  stranger.publish(`${subjects.prefix}.state.census.nothing`, `${"0".repeat(18)}-1`);
  await stranger.flush();
  await eventually("every proxy has seen both", () => malformed >= before + 2 * running.length);
  expect(heard.filter((subject) => subject.includes(".answer."))).toEqual([]);
});
