import { randomUUID } from "node:crypto";
import { natsServer } from "@revenprox/cluster";
import { afterAll, beforeAll } from "vitest";
import { describeJournal, eventsPerTopic } from "./journal.contract.ts";
import { type NatsProcess, startNats } from "./testing/nats-process.ts";
import { openProxyJournal } from "./testing/proxy-journal.ts";

let nats: NatsProcess;

beforeAll(async () => {
  nats = await startNats({ program: await natsServer() });
});
afterAll(() => nats.dispose());

describeJournal("NATS JetStream, two proxies", async () => {
  const options = { url: nats.url, instance: randomUUID(), journal: { maxEventsPerTopic: eventsPerTopic } };
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
});
