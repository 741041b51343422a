import type { RunningSubject, Subject } from "../subjects/subject.ts";
import type { Crew } from "../tool/crew.ts";
import { usageOf } from "../tool/process-table.ts";
import type { Bench, CostProbe, Scenario } from "./scenario.ts";
import { keptOn, startCrew, withCrew } from "./with-crew.ts";

const count = 10_000;
/** Code that V8 has not optimised yet costs twice as much; after so many connects it hardly gets faster any more. */
const warmUps = 2;
const sampleMs = 200;
/** A server that takes less of its core has forgotten those that left. */
const idleShare = 0.15;
const longestSettleMs = 10_000;
const streams = { topics: 1, size: 200, concurrency: 256, count };

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Opens all of them; they stay open. */
const openAll = async (crew: Crew, running: RunningSubject) => {
  const before = usageOf(running.pids);
  const opened = await crew.open(running, streams);
  const cpuSeconds = usageOf(running.pids).cpuSeconds - before.cpuSeconds;
  return { ...opened, cpuMicros: (cpuSeconds * 1e6) / count };
};

/** Closes all, and resolves when the server has done what that takes: it must not count for the next ones that open. */
const closeAll = async (crew: Crew, { pids }: RunningSubject): Promise<void> => {
  await crew.close();
  const end = performance.now() + longestSettleMs;
  for (let share = 1; share > idleShare && performance.now() < end; ) {
    const before = usageOf(pids).cpuSeconds;
    await wait(sampleMs);
    share = (usageOf(pids).cpuSeconds - before) / (sampleMs / 1_000);
  }
};

const warmUp = async (crew: Crew, running: RunningSubject): Promise<void> => {
  for (let round = 0; round < warmUps; round += 1) {
    await crew.open(running, streams);
    await closeAll(crew, running);
  }
};

const probe = async (bench: Bench, subject: Subject): Promise<CostProbe> =>
  keptOn(await startCrew(bench, subject), async ({ crew, running, stop }) => {
    await warmUp(crew, running);
    const measure = async (): Promise<number> => {
      const { cpuMicros } = await openAll(crew, running);
      await closeAll(crew, running);
      return cpuMicros;
    };
    return { measure, stop };
  });

/** Opens many streams as fast as the server takes them. */
export const connects = (subjects: readonly Subject[], reference: string): Scenario => ({
  name: "e",
  title: "connects: open, authorised, first byte; 10,000 at up to 256 under way, on a server that had 20,000 before",
  unit: "connects/s",
  better: "higher",
  subjects,
  reference,
  measure: (bench, subject) =>
    withCrew(bench, subject, async (crew, running) => {
      await warmUp(crew, running);
      const { perSecond, p99Ms, cpuMicros } = await openAll(crew, running);
      return {
        value: perSecond,
        details: { "first byte p99 ms": p99Ms ?? Number.NaN, "CPU µs/connect": cpuMicros },
      };
    }),
  probe,
});
