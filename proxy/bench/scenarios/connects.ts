import type { Subject } from "../subjects/subject.ts";
import { usageOf } from "../tool/processes.ts";
import type { Scenario } from "./scenario.ts";
import { withCrew } from "./with-crew.ts";

const count = 10_000;

/** Name of a detail. */
export const connectCost = "CPU µs/connect";

/** Opens many streams as fast as the server takes them, twice: the first time warms it up. */
export const connects = (subjects: readonly Subject[], reference: string): Scenario => ({
  name: "e",
  title: "connects: open, authorised, first byte; 10,000 at up to 256 under way",
  unit: "connects/s",
  better: "higher",
  subjects,
  reference,
  measure: (bench, subject) =>
    withCrew(bench, subject, async (crew, running) => {
      const streams = { topics: 1, size: 200, concurrency: 256 };
      await crew.open(running, { ...streams, count: 2_000 });
      await crew.close();
      await new Promise((resolve) => setTimeout(resolve, 500));
      const before = usageOf(running.pids);
      const { perSecond, p99Ms } = await crew.open(running, { ...streams, count });
      const after = usageOf(running.pids);
      return {
        value: perSecond,
        details: {
          "first byte p99 ms": p99Ms ?? Number.NaN,
          [connectCost]: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / count,
        },
      };
    }),
});
