import { randomUUID } from "node:crypto";
import { natsServer } from "@revenprox/cluster";
import { afterAll, beforeAll } from "vitest";
import { describeJournal } from "./journal.contract.ts";
import { eventsPerTopic, type JournalUnderTest } from "./testing/journal-stage.ts";
import { type NatsProcess, startNats } from "./testing/nats-process.ts";
import { openProxyJournal } from "./testing/proxy-journal.ts";

let nats: NatsProcess;

beforeAll(async () => {
  nats = await startNats({ program: await natsServer() });
});
afterAll(() => nats.dispose());

const twoProxies = (replayMirror: boolean) => async (): Promise<JournalUnderTest> => {
  const journal = { maxEventsPerTopic: eventsPerTopic, replayMirror };
  const options = { url: nats.url, instance: randomUUID(), journal };
  const first = openProxyJournal({ ...options, proxyId: "first" });
  const second = openProxyJournal({ ...options, proxyId: "second" });
  await Promise.all([first.ready(), second.ready()]);
  return {
    publisher: first.journal,
    follower: second.journal,
    listener: second.listener,
    close: async () => {
      await Promise.all([first.journal.close(), second.journal.close()]);
    },
  };
};

describeJournal("NATS JetStream, two proxies", twoProxies(true));
describeJournal("NATS JetStream without a replay mirror, two proxies", twoProxies(false));
