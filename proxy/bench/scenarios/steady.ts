import type { Subject } from "../subjects/subject.ts";
import { Prober } from "../tool/prober.ts";
import type { Scenario } from "./scenario.ts";
import { withCrew } from "./with-crew.ts";

const streams = 10_000;

/** A load that every server should carry: how late are the deliveries? */
export const steady = (subjects: readonly Subject[], reference: string): Scenario => ({
  name: "d",
  title: "10,000 subscribers of one topic, 10 events/s: p99 from the planned publish time to the client",
  unit: "ms",
  better: "lower",
  subjects,
  reference,
  measure: (bench, subject) =>
    withCrew(bench, subject, async (crew, running) => {
      await crew.open(running, { count: streams, topics: 1, size: 200, concurrency: 256 });
      const load = { rate: 10, lanes: 4, p99Ms: 10_000, fanOut: streams };
      await crew.step(running, { ...load, millis: 700 });
      const prober = new Prober(running.target);
      prober.start();
      const figures = await crew.step(running, { ...load, millis: 2_500 });
      const waits = await prober.stop();
      if (figures.why !== undefined) bench.say(`  ${subject.name}: ${figures.why}`);
      return {
        value: figures.passed ? figures.p99Ms : undefined,
        details: {
          "deliveries/s": figures.deliveriesPerSec,
          "p50 ms": figures.p50Ms,
          "p99 ms": figures.p99Ms,
          "CPU µs/delivery": figures.cpuMicrosPerDelivery,
          "others wait p50 ms": waits[Math.floor(waits.length / 2)] ?? Number.NaN,
          "others wait p99 ms": waits[Math.floor(waits.length * 0.99)] ?? Number.NaN,
        },
      };
    }),
});
