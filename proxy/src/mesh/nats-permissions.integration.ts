import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type NatsConnection, headers as natsHeaders } from "@nats-io/transport-node";
import { natsServer } from "@revenprox/cluster";
import { natsPermissions, natsSubjects, natsUsers } from "@revenprox/contract/nats-subjects";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LiveEvent } from "../hub/ports.ts";
import { dataOf, readAll, store, topicNumber } from "./testing/event-text.ts";
import { eventually } from "./testing/eventually.ts";
import { type NatsProcess, startNats } from "./testing/nats-process.ts";
import { openProxyJournal, type ProxyJournal } from "./testing/proxy-journal.ts";

const instance = randomUUID();
const subjects = natsSubjects(instance);
const permissions = natsPermissions(instance);
const topic = topicNumber(1);

type Permissions = typeof permissions.proxy | typeof permissions.publisher;

const serverPermissions = ({ publish, denyPublish, subscribe }: Permissions) => ({
  publish: { allow: publish, deny: denyPublish },
  subscribe: { allow: subscribe },
});

const userConfig = (passwords: { readonly proxy: string; readonly publisher: string }): string =>
  `authorization { users: ${JSON.stringify([
    { user: natsUsers.proxy, password: passwords.proxy, permissions: serverPermissions(permissions.proxy) },
    { user: natsUsers.publisher, password: passwords.publisher, permissions: serverPermissions(permissions.publisher) },
  ])} }`;

let folder: string;
let passwordFile: string;
let nats: NatsProcess;
let proxy: ProxyJournal;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "revenprox-password-"));
  passwordFile = join(folder, "password");
  await writeFile(passwordFile, "first\n");
  const config = userConfig({ proxy: "first", publisher: "publisher" });
  nats = await startNats({ program: await natsServer(), config });
  proxy = openProxyJournal({ url: nats.url, instance, user: natsUsers.proxy, passwordFile, heartbeatMs: 300 });
  await proxy.ready();
});
afterAll(async () => {
  await proxy.journal.close();
  await nats.dispose();
  await rm(folder, { recursive: true, force: true });
});

const asPublisher = async (act: (connection: NatsConnection, faults: string[]) => Promise<void>): Promise<void> => {
  const connection = await connect({
    servers: nats.url,
    user: natsUsers.publisher,
    pass: "publisher",
    inboxPrefix: subjects.inboxPrefix(natsUsers.publisher),
  });
  const faults: string[] = [];
  const watching = (async () => {
    for await (const status of connection.status()) if (status.type === "error") faults.push(status.error.message);
  })();
  try {
    await act(connection, faults);
  } finally {
    await connection.close();
    await watching;
  }
};

describe("least-privilege users of the bus", () => {
  it("let the proxy do all it has to", async () => {
    const told: LiveEvent[] = [];
    await proxy.journal.follow(topic, (live) => told.push(live));
    const cursor = await store(proxy.journal, topic, "hello");
    await eventually("it is told", () => told.length === 1);
    expect((await readAll(proxy.journal, topic)).map(dataOf)).toEqual(["hello"]);
    expect((await proxy.journal.tails([topic])).last.get(topic)).toBe(cursor.sequence);
    const { lastSequence } = await proxy.journal.bounds();
    await eventually("heartbeats go on", async () => (await proxy.journal.bounds()).lastSequence > lastSequence + 2);
    await eventually("the replay mirror is made", () =>
      proxy.lines.some((line) => line.includes("Made the replay mirror")),
    );
    expect(proxy.lines.filter((line) => /permission/i.test(line))).toEqual([]);
  });

  it("let a publisher publish events and get its acknowledgement", async () => {
    await asPublisher(async (connection, faults) => {
      const reply = await connection.request(subjects.in(topicNumber(2)), "from outside");
      expect(reply.json()).toMatchObject({ seq: expect.any(Number) });
      expect(faults).toEqual([]);
    });
    expect((await readAll(proxy.journal, topicNumber(2))).map(dataOf)).toEqual(["from outside"]);
  });

  it.each([
    ["what is told live", subjects.out(topic)],
    ["nudges", subjects.nudge(topic)],
    ["presence", subjects.presence],
    ["the journal's epoch", subjects.in(subjects.epochToken)],
    ["the deletion of the stream", `$JS.API.STREAM.DELETE.REVENPROX_${instance}`],
  ])("keep a publisher from publishing %s", async (_, subject) => {
    await asPublisher(async (connection, faults) => {
      connection.publish(subject, "forged", { headers: natsHeaders() });
      await connection.flush();
      await eventually("it is refused", () => faults.some((fault) => fault.includes("Permissions Violation")));
    });
  });

  it("keep a publisher from listening", async () => {
    await asPublisher(async (connection, faults) => {
      connection.subscribe(subjects.outAll, { callback: () => undefined });
      await connection.flush();
      await eventually("it is refused", () => faults.some((fault) => fault.includes("Permissions Violation")));
    });
  });

  it("survive a rotation of the password: the file is read at each connect", async () => {
    await nats.restart(userConfig({ proxy: "second", publisher: "publisher" }));
    await eventually("the old password is refused", () => proxy.lines.some((line) => /authorization/i.test(line)));
    expect(proxy.journal.connected).toBe(false);
    await writeFile(passwordFile, "second\n");
    await proxy.ready();
    await store(proxy.journal, topic, "after the rotation");
    expect(proxy.listener.epochs).toEqual([]);
  });
});
