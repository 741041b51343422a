import { randomUUID } from "node:crypto";
import { type JetStreamManager, jetstreamManager, StorageType } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { natsServer } from "@revenprox/cluster";
import { journalStream, natsSubjects } from "@revenprox/contract/nats-subjects";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type NatsProcess, startNats } from "./testing/nats-process.ts";
import { openProxyJournal, type ProxyJournalOptions } from "./testing/proxy-journal.ts";

let nats: NatsProcess;
let admin: NatsConnection;
let manager: JetStreamManager;
let instance: string;

beforeAll(async () => {
  nats = await startNats({ program: await natsServer() });
  admin = await connect({ servers: nats.url });
  manager = await jetstreamManager(admin);
});
afterAll(async () => {
  await admin.close();
  await nats.dispose();
});
beforeEach(() => {
  instance = randomUUID();
});

const setUp = async (journal: NonNullable<ProxyJournalOptions["journal"]>): Promise<string[]> => {
  const proxy = openProxyJournal({ url: nats.url, instance, journal });
  await proxy.ready();
  await proxy.journal.close();
  return proxy.lines;
};
const config = async () => (await manager.streams.info(journalStream(instance))).config;

describe("the journal's stream", () => {
  it("is made as the configuration says", async () => {
    await setUp({ maxAgeSec: 600, maxEventsPerTopic: 7, maxBytes: 2_000_000, duplicateWindowSec: 60 });
    const { inAll, outAll } = natsSubjects(instance);
    expect(await config()).toMatchObject({
      subjects: [inAll],
      republish: { src: inAll, dest: outAll },
      storage: "file",
      discard: "old",
      max_age: 600e9,
      max_msgs_per_subject: 7,
      max_bytes: 2_000_000,
      duplicate_window: 60e9,
      num_replicas: 1,
      allow_direct: true,
      deny_delete: true,
      deny_purge: true,
    });
    expect((await config()).allow_rollup_hdrs).not.toBe(true);
  });

  it("is changed in place when the configuration changes, and left alone when it does not", async () => {
    await setUp({ maxAgeSec: 600 });
    const changed = await setUp({ maxAgeSec: 1_200, maxEventsPerTopic: 5 });
    expect(await config()).toMatchObject({ max_age: 1_200e9, max_msgs_per_subject: 5 });
    expect(changed.filter((line) => line.includes("Changed the journal stream"))).toHaveLength(1);
    const unchanged = await setUp({ maxAgeSec: 1_200, maxEventsPerTopic: 5 });
    expect(unchanged.filter((line) => line.includes("journal stream"))).toEqual([]);
  });

  it("is used as it is where NATS cannot change it, with one warning", async () => {
    await manager.streams.add({
      name: journalStream(instance),
      subjects: [natsSubjects(instance).inAll],
      storage: StorageType.Memory,
    });
    const lines = await setUp({});
    expect(lines.filter((line) => line.includes("NATS cannot change them: storage"))).toHaveLength(1);
    expect(await config()).toMatchObject({ storage: "memory", allow_direct: true, deny_delete: true });
  });

  it("keeps its settings when NATS refuses the change, with a warning that says why", async () => {
    await setUp({});
    const lines = await setUp({ replicas: 3 });
    expect(lines.filter((line) => line.includes("NATS refused to change num_replicas: replicas > 1"))).toHaveLength(1);
    expect(await config()).toMatchObject({ num_replicas: 1 });
  });
});
