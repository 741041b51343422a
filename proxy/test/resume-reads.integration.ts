import { createHash } from "node:crypto";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { journalReadSources } from "@revenprox/contract/metric-labels";
import { natsSubjects } from "@revenprox/contract/nats-subjects";
import { expect, test } from "vitest";
import { type ProxyProcess, startProxyProcess, until } from "./testing/proxy-process.ts";
import { openStream, publish } from "./testing/raw-stream.ts";
import { ready, withNats } from "./testing/with-nats.ts";

const clients = 500;
const events = 300;
/** Pages, checks with the leader and comparisons that one topic may cost, however many resume on it. */
const mostReads = 40;

/** Counts the questions for stored messages of one topic on their way to NATS. */
const countingRequests = async (connection: NatsConnection, topic: string): Promise<() => number> => {
  const id = createHash("sha256").update(topic).digest("hex").slice(0, 32);
  const subject = natsSubjects("default").in(id);
  let count = 0;
  for (const calls of ["$JS.API.DIRECT.GET.>", "$JS.API.STREAM.MSG.GET.>", "$JS.API.STREAM.INFO.>"]) {
    connection.subscribe(calls, {
      callback: (_fault, message) => {
        if (message.string().includes(subject)) count += 1;
      },
    });
  }
  await connection.flush();
  return () => count;
};

const readsCounted = async ({ port }: ProxyProcess): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const of = (source: string) =>
    Number(new RegExp(`^revenprox_journal_reads_total\\{source="${source}"\\} (\\d+)$`, "m").exec(text)?.[1]);
  return journalReadSources.reduce((sum, source) => sum + of(source), 0);
};

test(`${clients} clients that resume one topic on a pod that never saw it cost a few reads of the journal`, () =>
  withNats(async (nats) => {
    const start = () =>
      startProxyProcess({ REVENPROX_NATS__SERVERS: nats.url, REVENPROX_HTTP__RATE_LIMIT_PER_IP: "0" });
    const [warm, cold] = await Promise.all([start(), start()]);
    const watch = await connect({ servers: nats.url });
    try {
      await Promise.all([ready(warm), ready(cold)]);
      const first = await publish(warm.port, "news", "first");
      for (let index = 1; index <= events; index += 1) await publish(warm.port, "news", `event ${index}`);
      const requests = await countingRequests(watch, "news");
      const before = await readsCounted(cold);

      const resumed = Array.from({ length: clients }, () =>
        openStream(cold.port, "/events/news", { "Last-Event-ID": first }),
      );
      const complete = `data: event ${events}\n\n`;
      const level = (): number => resumed.filter((each) => each.text().includes(complete)).length;
      await until("all to be level", () => level() === clients || undefined, 120_000);
      const asked = requests();
      const expected = Array.from({ length: events }, (_, index) => `event ${index + 1}`);
      for (const each of resumed) {
        expect([...each.text().matchAll(/^data: (.*)$/gm)].map(([, data]) => data)).toEqual(expected);
        each.close();
      }
      expect(asked).toBeGreaterThan(0);
      expect(asked).toBeLessThanOrEqual(mostReads);
      const counted = (await readsCounted(cold)) - before;
      expect(counted).toBeGreaterThan(0);
      expect(counted).toBeLessThanOrEqual(mostReads);
    } finally {
      await watch.close();
      await Promise.all([warm.stop(), cold.stop()]);
    }
  }));
