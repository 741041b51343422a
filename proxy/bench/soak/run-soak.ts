import { readdirSync } from "node:fs";
import type { RunningSubject } from "../subjects/subject.ts";
import type { Crew } from "../tool/crew.ts";
import { usageOf } from "../tool/process-table.ts";
import type { StepFigures } from "../tool/step-figures.ts";
import { Churn } from "./churn.ts";
import type { SoakRun, SoakWindow } from "./soak-figures.ts";

export interface SoakPlan {
  readonly seconds: number;
  /** Length of a window. */
  readonly windowSec: number;
  readonly streams: number;
  readonly topics: number;
  readonly churnPerSec: number;
  readonly deliveriesPerSec: number;
}

export interface Soaked {
  readonly run: SoakRun;
  readonly reopened: number;
  readonly delivered: number;
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const filesOf = ({ pids }: RunningSubject): number =>
  pids.reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length, 0);

/** Milliseconds in which the kernel and the proxy have closed what clients left. */
const afterwardsMs = 10_000;
/** A window in which the machine did much else is late, not wrong; drift is judged over all of them. */
const latestMs = 20_000;

const p99Of = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? 0;

const windowOf = (running: RunningSubject, churn: Churn, figures: StepFigures, atSec: number): SoakWindow => ({
  atSec,
  rssBytes: usageOf(running.pids).rss,
  files: filesOf(running),
  deliveriesPerSec: 2 * figures.deliveriesPerSec,
  p50Ms: figures.p50Ms,
  p99Ms: figures.p99Ms,
  openP99Ms: p99Of(churn.tally.waits.splice(0)),
  cpu: figures.serverCpuSeconds / figures.seconds,
});

const churnFaults = ({ tally: { disordered, closed, fault } }: Churn): readonly string[] => [
  ...(disordered > 0 ? [`${disordered} events of streams that came back were not the ones due: ${fault}`] : []),
  ...(closed > 0 ? [`${closed} streams that came back were closed: ${fault}`] : []),
];

/** Half of the streams stay and are the crew's; the other half leaves and comes back. */
export const runSoak = async (
  plan: SoakPlan,
  crew: Crew,
  running: RunningSubject,
  say: (line: string) => void,
): Promise<Soaked> => {
  const { topics, streams, churnPerSec } = plan;
  const half = streams / 2;
  const filesBefore = filesOf(running);
  const churn = new Churn(running, { streams: half, topics, perSecond: churnPerSec });
  const windows: SoakWindow[] = [];
  const faults: string[] = [];
  let delivered = 0;
  try {
    await crew.open(running, { count: half, topics, size: 200, concurrency: 128 });
    await churn.begin();
    const load = { rate: (plan.deliveriesPerSec / streams) * topics, lanes: 4, p99Ms: latestMs, fanOut: half / topics };
    const began = performance.now();
    const elapsed = (): number => (performance.now() - began) / 1_000;
    while (elapsed() < plan.seconds) {
      const figures = await crew.step(running, { ...load, millis: plan.windowSec * 1_000 });
      const window = windowOf(running, churn, figures, elapsed());
      windows.push(window);
      delivered += figures.deliveriesPerSec * figures.seconds;
      if (figures.why !== undefined) faults.push(`at ${window.atSec.toFixed(0)} s: ${figures.why}`);
      say(
        `${window.atSec.toFixed(0)} s: ${(window.rssBytes / 2 ** 20).toFixed(0)} MiB, ${window.files} files, ${window.deliveriesPerSec.toFixed(0)} deliveries/s, p99 ${window.p99Ms.toFixed(1)} ms, ${churn.tally.opened} opened`,
      );
    }
    delivered += churn.tally.delivered;
  } finally {
    churn.stop();
    await crew.close();
  }
  faults.push(...churnFaults(churn));
  await wait(afterwardsMs);
  const run = { windows, filesBefore, filesAfter: filesOf(running), streams, faults };
  return { run, reopened: churn.tally.opened - half, delivered };
};
