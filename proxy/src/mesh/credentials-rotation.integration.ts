import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { natsServer } from "@revenprox/cluster";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LiveEvent, PublishOutcome } from "../hub/ports.ts";
import type { Soon } from "../hub/soon.ts";
import { dataOf, event, readAll, topicNumber } from "./testing/event-text.ts";
import { eventually } from "./testing/eventually.ts";
import { type NatsProcess, startNats } from "./testing/nats-process.ts";
import { openProxyJournal, type ProxyJournal } from "./testing/proxy-journal.ts";

const topic = topicNumber(1);
let folder: string;
let passwordFile: string;
let nats: NatsProcess;
let proxy: ProxyJournal;

const begin = async (config: string): Promise<void> => {
  nats = await startNats({ program: await natsServer(), config });
  proxy = openProxyJournal({ url: nats.url, instance: randomUUID(), user: "proxy", passwordFile });
  await proxy.ready();
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "revenprox-password-"));
  passwordFile = join(folder, "password");
  await writeFile(passwordFile, "first\n");
});
afterEach(async () => {
  await proxy.journal.close();
  await nats.dispose();
  await rm(folder, { recursive: true, force: true });
});

const lines = (text: string): readonly string[] => proxy.lines.filter((line) => line.includes(text));
const oneUser = (password: string): string => `authorization { users: [{ user: proxy, password: ${password} }] }`;

/** Publishes all the time, and listens; `stop` says what became of it. */
const load = async () => {
  const told: LiveEvent[] = [];
  await proxy.journal.follow(topic, (live) => told.push(live));
  const outcomes: Soon<PublishOutcome>[] = [];
  const ticker = setInterval(() => {
    outcomes.push(proxy.journal.publish(topic, event(`event ${outcomes.length}`)));
  }, 5);
  return {
    count: () => outcomes.length,
    stop: async () => {
      clearInterval(ticker);
      return { told, outcomes: await Promise.all(outcomes) };
    },
  };
};

describe("a password file that changes", () => {
  it("has the connections made anew one after the other where NATS takes it, and no event is lost", async () => {
    await begin("");
    const { count, stop } = await load();
    await writeFile(passwordFile, "second");
    await eventually("all three have gone", () => lines("Lost the connection").length === 3, 60_000);
    await eventually("all three are back", () => lines("Connected to peer").length === 6);
    const before = count();
    await eventually("more events", () => count() > before + 50);
    const { told, outcomes } = await stop();
    const order = proxy.lines.flatMap((line) =>
      line.includes("Lost the connection") ? ["lost"] : line.includes("Connected to peer") ? ["made"] : [],
    );
    expect(order.slice(3)).toEqual(["lost", "made", "lost", "made", "lost", "made"]);
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(["stored"]));
    const stored = (await readAll(proxy.journal, topic)).map(dataOf);
    expect(stored).toEqual(outcomes.map((_, index) => `event ${index}`).slice(-stored.length));
    // What passed by while the live connection was made anew shows as a hole, which the hub fills from the journal.
    expect(told.map(({ sequence }) => sequence)).toEqual(
      told.map(({ sequence }) => sequence).toSorted((a, b) => a - b),
    );
    expect(proxy.listener.resyncs.filter((reason) => reason === "connected").length).toBeGreaterThan(1);
  });

  it("leaves the connections alone until NATS takes it", async () => {
    await begin(oneUser("first"));
    await writeFile(passwordFile, "second");
    await eventually("it is tried", () => lines("does not take the changed password").length === 1, 60_000);
    expect(lines("Lost the connection")).toEqual([]);
    expect((await proxy.journal.publish(topic, event("still here"))).kind).toBe("stored");
    await nats.reload(oneUser("second"));
    await eventually("all three are back", () => lines("Connected to peer").length === 6, 60_000);
    await proxy.ready();
    expect((await proxy.journal.publish(topic, event("and now"))).kind).toBe("stored");
  });
});
