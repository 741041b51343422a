import { expect } from "vitest";
import { type EffectRow, withProxy } from "../testing/effect-row.ts";
import { type Environment, type ProxyProcess, until } from "../testing/proxy-process.ts";
import { openStream, publish } from "../testing/raw-stream.ts";
import { ready, withNats } from "../testing/with-nats.ts";

const gap = /"reason":"replay_limit","recoverable":true/;

/** Whether a resume after the first of some `count` events of `size` bytes is told that it may replay no more. */
const isCutShort = async (environment: Environment, count: number, size: number): Promise<boolean> => {
  let cutShort = false;
  await withProxy(environment, async ({ port }) => {
    const first = await publish(port, "a", "first");
    for (let done = 0; done < count; done += 50)
      await Promise.all(Array.from({ length: 50 }, () => publish(port, "a", "x".repeat(size))));
    const resumed = openStream(port, "/events/a", { "Last-Event-ID": first });
    await resumed.waitFor("data: x");
    const last = await publish(port, "a", "last");
    const told = await resumed.waitFor(`id: ${last}\n`);
    cutShort = gap.test(told);
    const events = told.split("\ndata: x").length - 1;
    if (cutShort) expect(events).toBeLessThan(count);
    else expect(events).toBe(count);
    resumed.close();
  });
  return cutShort;
};

const topics = ["a", "b", "c", "d"] as const;

const gauge = async ({ port }: ProxyProcess, name: string): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(new RegExp(`^revenprox_${name} (\\d+)$`, "m").exec(text)?.[1]);
};

/** Four topics are replayed while NATS answers nothing: how many reads are under way, and how many wait. */
const replaysUnderWay = async (maxReplays: number): Promise<void> =>
  withNats((nats) =>
    withProxy(
      { REVENPROX_NATS__SERVERS: nats.url, REVENPROX_JOURNAL__MAX_REPLAYS: String(maxReplays) },
      async (proxy) => {
        await ready(proxy);
        const { port } = proxy;
        const ids = await Promise.all(topics.map((topic) => publish(port, topic, "old")));
        await Promise.all(topics.map((topic) => publish(port, topic, "new")));
        // The topics are followed by now, from their newest on, so that only a read finds what came before.
        const level = topics.map((topic) => openStream(port, `/events/${topic}`));
        await Promise.all(level.map((stream) => stream.waitFor("id: ")));
        nats.freeze();
        const resumed = topics.map((topic, index) =>
          openStream(port, `/events/${topic}`, { "Last-Event-ID": ids[index] ?? "" }),
        );
        try {
          const reads = Math.min(maxReplays, topics.length);
          await until("the reads are under way", async () => {
            const found = [await gauge(proxy, "replays_running"), await gauge(proxy, "replays_waiting")];
            return (found[0] === reads && found[1] === topics.length - reads) || undefined;
          });
        } finally {
          nats.thaw();
        }
        await Promise.all(resumed.map((stream) => stream.waitFor("data: new")));
        for (const stream of [...level, ...resumed]) stream.close();
      },
    ),
  );

export const replayRows: readonly EffectRow[] = [
  {
    key: "journal.max_resume_events",
    name: "a resume is told a gap after about so many, and goes on with the newest",
    run: async () => {
      expect(await isCutShort({ REVENPROX_JOURNAL__MAX_RESUME_EVENTS: "10" }, 400, 1)).toBe(true);
      expect(await isCutShort({ REVENPROX_JOURNAL__MAX_RESUME_EVENTS: "1000" }, 400, 1)).toBe(false);
    },
  },
  {
    key: "journal.max_resume_bytes",
    name: "a resume is told a gap after about so many, and goes on with the newest",
    run: async () => {
      expect(await isCutShort({ REVENPROX_JOURNAL__MAX_RESUME_BYTES: "500000" }, 50, 100_000)).toBe(true);
      expect(await isCutShort({}, 50, 100_000)).toBe(false);
    },
  },
  {
    key: "journal.max_replays",
    name: "so many reads for streams are under way at once, the others wait",
    run: async () => {
      await replaysUnderWay(1);
      await replaysUnderWay(3);
    },
  },
];
