import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { natsServer } from "@revenprox/cluster";
import { journalStream, natsSubjects, replayStream } from "@revenprox/contract/nats-subjects";
import { expect, test } from "vitest";
import { startNats } from "../../src/mesh/testing/nats-process.ts";
import { type ProxyProcess, until } from "../testing/proxy-process.ts";
import { type Scene, withScene } from "./testing/scene.ts";
import { backUp, restore } from "./testing/stream-copy.ts";

/** Ids of `count` events, in order. */
const publish = async ({ port }: ProxyProcess, name: string, count: number): Promise<readonly string[]> => {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/events/news`, { method: "POST", body: `${name} ${index}` });
    expect(answer.status).toBe(202);
    ids.push(((await answer.json()) as { readonly id: string }).id);
  }
  return ids;
};

const names = (name: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${name} ${index}`);

const startServer = async (scene: Scene) => {
  const nats = await startNats({ program: await natsServer() });
  scene.onEnd(() => nats.dispose());
  const admin = await connect({ servers: nats.url, maxReconnectAttempts: -1 });
  scene.onEnd(() => admin.close());
  return { nats, admin, manager: await jetstreamManager(admin) };
};

/** The steps of docs/nats.md, "Backup and restore". */
test(
  "a journal is put back from a backup: its past is read again, and no id means another event",
  { timeout: 240_000 },
  () =>
    withScene(async (scene) => {
      const { nats, admin, manager } = await startServer(scene);
      const journal = journalStream(scene.instance);
      const first = await scene.proxy("a", [nats.url]);
      const kept = await publish(first, "kept", 30);
      const copy = await backUp(admin, journal);
      const lost = await publish(first, "lost", 20);

      await first.stop();
      // One that is not there is as good as deleted; one that stays makes the restore fail.
      for (const stream of [journal, replayStream(scene.instance)])
        await manager.streams.delete(stream).catch(() => false);
      await restore(admin, journal, copy);
      const { last_seq: keptTo } = (await manager.streams.info(journal)).state;
      const record = { v: 1, epoch: Date.now(), after: 0, keptTo, writer: "restore" };
      const subjects = natsSubjects(scene.instance);
      await admin.request(subjects.in(subjects.epochToken), JSON.stringify(record), { timeout: 10_000 });

      const second = await scene.proxy("b", [nats.url]);
      const client = (path: string, lastEventId?: string) =>
        scene.client({ port: second.port, path, ...(lastEventId === undefined ? {} : { lastEventId }) });
      const [past, ofKept, ofLost] = await Promise.all([
        client("/events/news?last=100"),
        client("/events/news", kept[9]),
        client("/events/news", lost[9]),
      ]);
      const later = await publish(second, "later", 40);
      expect(later.filter((id) => [...kept, ...lost].includes(id))).toEqual([]);
      await until(
        "all events",
        () => [past, ofKept, ofLost].every(({ lastId }) => lastId === later.at(-1)) || undefined,
        60_000,
      );
      expect(past.events.map(({ data }) => data)).toEqual([...names("kept", 30), ...names("later", 40)]);
      for (const { events, gaps } of [ofKept, ofLost]) {
        expect(gaps.map(({ reason }) => reason)).toEqual(["reset"]);
        expect(events.map(({ data }) => data)).toEqual(names("later", 40));
      }
      // Also when sequences have passed those of lost events.
      const late = await client("/events/news", lost[9]);
      await until("the gap", () => late.gaps.length > 0 || undefined);
      expect(late.gaps.map(({ reason }) => reason)).toEqual(["reset"]);
    }),
);
