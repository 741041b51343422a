import type { Subject } from "../subjects/subject.ts";
import { usageOf } from "../tool/process-table.ts";
import type { Bench, Measurement, Scenario } from "./scenario.ts";
import { withCrew } from "./with-crew.ts";

const settleMs = 1_500;
const idleMs = 4_000;

interface Idle {
  readonly name: string;
  readonly count: number;
  readonly topics: number;
}

const loads: readonly Idle[] = [
  { name: "10k", count: 10_000, topics: 1 },
  { name: "15k", count: 15_000, topics: 1 },
  { name: "10k with a topic each", count: 10_000, topics: 10_000 },
];

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const measure = async (bench: Bench, subject: Subject): Promise<Measurement> => {
  const details: Record<string, number> = {};
  for (const { name, count, topics } of loads) {
    await withCrew(bench, subject, async (crew, running) => {
      // What the first streams make the server load and compile is no stream's share.
      await crew.open(running, { count: 200, topics: 1, size: 200, concurrency: 32 });
      await crew.close();
      await wait(settleMs);
      const before = usageOf(running.pids);
      const { perSecond } = await crew.open(running, { count, topics, size: 200, concurrency: 256 });
      await wait(settleMs);
      const open = usageOf(running.pids);
      await wait(idleMs);
      const after = usageOf(running.pids);
      details["base RSS MiB"] = before.rss / 2 ** 20;
      details[`bytes/stream ${name}`] = (after.rss - before.rss) / count;
      details[`connects/s ${name}`] = perSecond;
      details[`idle CPU % per 100k, ${name}`] =
        ((after.cpuSeconds - open.cpuSeconds) / (idleMs / 1_000)) * 100 * (100_000 / count);
      bench.say(`  ${name}: ${((after.rss - before.rss) / count).toFixed(0)} bytes each`);
    });
  }
  return { value: details["bytes/stream 10k"], details };
};

/** Streams to which nothing comes but keepalives. */
export const idle = (subjects: readonly Subject[], reference: string): Scenario => ({
  name: "a",
  title:
    "idle streams: bytes of RSS for each of 10,000, and of 15,000, on one process, and of 10,000 with a topic each",
  unit: "bytes/stream",
  better: "lower",
  subjects,
  reference,
  // Bytes hardly differ from run to run.
  mostRuns: 1,
  measure,
});
