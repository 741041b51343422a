import { expect } from "vitest";
import { type EffectRow, withProxy } from "../testing/effect-row.ts";
import { until } from "../testing/proxy-process.ts";
import { openStream, publish } from "../testing/raw-stream.ts";

/** What a client that slept while 150 events of 100 kB came was told afterwards, by the sequences of the ids. */
interface Told {
  readonly received: number;
  readonly dropped: number;
  /** The sequences of the events before the first gap and after the last one: a socket may take some more in between. */
  readonly lastBefore: number;
  readonly firstAfter: number;
}

const count = 150;

/** Throws at the first hole that was not told, and at the first event that came twice. */
const accountFor = (text: string): Told => {
  let [at, received, dropped, lastBefore, firstAfter] = [0, 0, 0, 0, 0];
  for (const block of text.split("\n\n")) {
    const gap = /^event: revenprox\.gap\ndata: (.*)$/m.exec(block)?.[1];
    const sequence = Number(/^id: \d+-(\d+)$/m.exec(block)?.[1]);
    if (gap !== undefined) {
      const { from, to, reason, recoverable } = JSON.parse(gap);
      expect([Number(from.split("-")[1]), reason, recoverable]).toEqual([at, "slow_consumer", true]);
      lastBefore ||= at;
      dropped += Number(to.split("-")[1]) - at;
      at = Number(to.split("-")[1]);
      firstAfter = 0;
    } else if (/^data: /m.test(block)) {
      expect(sequence).toBe(at + 1);
      at = sequence;
      received += 1;
      if (dropped > 0) firstAfter ||= sequence;
    }
  }
  expect(received + dropped).toBe(count + 1);
  return { received, dropped, lastBefore, firstAfter };
};

const sleepThrough = async (policy: string, maxEvents: number): Promise<Told> => {
  const environment = {
    REVENPROX_HTTP__BACKPRESSURE_POLICY: policy,
    REVENPROX_HTTP__MAX_MESSAGE_QUEUE_SIZE: String(maxEvents),
    REVENPROX_HTTP__SLOW_CLIENT_TIMEOUT_SEC: "3600",
  };
  let told: Told | undefined;
  await withProxy(environment, async ({ port }) => {
    const stream = openStream(port, "/events/a");
    await stream.waitFor("id: ");
    stream.socket.pause();
    for (let index = 0; index < count; index += 10)
      await Promise.all(Array.from({ length: 10 }, () => publish(port, "a", "x".repeat(100_000))));
    stream.socket.resume();
    const head = openStream(port, "/events/a");
    await head.waitFor("id: ");
    await publish(port, "a", "the end");
    await until(
      "the end",
      () => /data: the end\n\n/.test(stream.text()) || /"to":"\d+-151"/.test(stream.text()) || undefined,
    );
    told = accountFor(stream.text());
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toContain(`revenprox_drops_total{reason="slow_consumer"} ${told.dropped}\n`);
    expect(metrics).toContain(`revenprox_messages_dropped_total ${told.dropped}\n`);
    stream.close();
    head.close();
  });
  if (told === undefined) throw new Error("nothing was told");
  return told;
};

export const backpressureRows: readonly EffectRow[] = [
  {
    key: "http.backpressure_policy",
    name: "a client that slept gets all, the newest or the oldest, and is told exactly what it did not get",
    run: async () => {
      const [block, oldest, newest] = await Promise.all([
        sleepThrough("block", 5),
        sleepThrough("drop_oldest", 5),
        sleepThrough("drop_newest", 5),
      ]);
      expect(block.dropped).toBe(0);
      // The last time it was skipped it may have been up to as many events before the end as it may be behind.
      expect(oldest.firstAfter).toBeGreaterThanOrEqual(count - 2 * 5);
      expect(newest.dropped).toBeGreaterThan(0);
      expect(newest.lastBefore).toBeLessThan(oldest.firstAfter);
    },
  },
  {
    key: "http.max_message_queue_size",
    name: "a stream may be so many events behind",
    run: async () => {
      const [few, many] = await Promise.all([sleepThrough("drop_oldest", 5), sleepThrough("drop_oldest", 1_000)]);
      expect(few.dropped).toBeGreaterThan(0);
      expect(many.dropped).toBe(0);
    },
  },
  {
    key: "http.max_connection_age_sec",
    name: "a stream ends cleanly at that age, with a time to come back",
    run: () =>
      withProxy(
        { REVENPROX_HTTP__MAX_CONNECTION_AGE_SEC: "2", REVENPROX_HTTP__KEEPALIVE_INTERVAL_SEC: "1" },
        async ({ port }) => {
          const began = Date.now();
          const stream = openStream(port, "/events/a");
          await until("the end", () => (stream.body().kind === "complete" ? true : undefined));
          expect(Date.now() - began).toBeGreaterThan(1_700);
          expect(stream.text()).toMatch(/retry: \d+\n\n$/);
          stream.close();
        },
      ),
  },
];
