import type { ScenarioName } from "../arguments.ts";
import { type Step, searchMaximum } from "../stepping.ts";
import type { RunningSubject, Subject } from "../subjects/subject.ts";
import type { Crew } from "../tool/crew.ts";
import type { Cores } from "../tool/own-cores.ts";
import type { StepFigures } from "../tool/step-figures.ts";
import type { Bench, Measurement, Scenario } from "./scenario.ts";
import { keptOn, startCrew, withCrew } from "./with-crew.ts";

export interface SteppedOptions {
  readonly name: ScenarioName;
  readonly title: string;
  readonly unit: string;
  readonly reference: string | undefined;
  readonly streams: number;
  readonly topics: number;
  readonly p99Ms: number;
  /** Milliseconds that a rate is held. */
  readonly holdMs: number;
  readonly lanes: number;
  /** Events/s at which the check compares the CPU that a delivery costs. */
  readonly sameRate: number;
  /** Cores of the load tool; absent: all but the server's. */
  readonly toolCores?: Cores;
  /** Subjects with the rate in events/s that their first run begins with. */
  readonly subjects: readonly (readonly [subject: Subject, startRate: number])[];
}

const payloadBytes = 200;
/** The quick benchmark makes fewer and shorter steps; the median of its runs makes up for that. */
const quickSteps = { maxSteps: 4, resolution: 1.25 } as const;
const quickHold = 0.7;
const stepping = { factor: 1.4, resolution: 1.15, attempts: 2, maxSteps: 6 } as const;
/** Where a run begins, as a part of what passed in the run before. */
const nearEarlier = 0.85;

export const stepDetails = (best: StepFigures): Measurement["details"] => ({
  "events/s": best.acceptedPerSec,
  "p50 ms": best.p50Ms,
  "p99 ms": best.p99Ms,
  "CPU µs/delivery": best.cpuMicrosPerDelivery,
  "CPU µs/event": (best.serverCpuSeconds * 1e6) / (best.acceptedPerSec * best.seconds),
  "tool CPU s": best.toolCpuSeconds,
  "wire bytes": best.bytesPerDelivery,
});

interface Load {
  readonly streams: number;
  readonly topics: number;
  readonly p99Ms: number;
  readonly holdMs: number;
  readonly lanes: number;
  /** Events/s that the search begins with. */
  readonly start: number;
}

/** Searches the highest rate that passes with the streams that are open. */
export const searchStep = async (
  bench: Bench,
  crew: Crew,
  running: RunningSubject,
  { streams, topics, p99Ms, holdMs, lanes, start }: Load,
): Promise<(StepFigures & Step) | undefined> => {
  const fanOut = streams / topics;
  const millis = bench.quick ? holdMs * quickHold : holdMs;
  const rules = { start, ...stepping, ...(bench.quick ? quickSteps : {}) };
  // Code that has not run yet is slow; the figures of this step are not looked at.
  await crew.step(running, { rate: start / 3, millis: 500, lanes, p99Ms: 5_000, fanOut });
  const { best } = await searchMaximum(rules, async (rate) => {
    const figures = await crew.step(running, { rate, millis, lanes, p99Ms, fanOut });
    const { passed, why, deliveriesPerSec } = figures;
    bench.say(
      `  ${rate.toFixed(0)} events/s: ${passed ? "passed" : why} (${deliveriesPerSec.toFixed(0)} deliveries/s)`,
    );
    return figures;
  });
  return best;
};

const probeMs = { warm: 2_500, step: 1_000 } as const;

/** What a delivery costs at a rate that is the same for all: this depends on what else the machine does far less than a maximum. */
const probeOf =
  ({ streams, topics, lanes, sameRate, toolCores }: SteppedOptions): NonNullable<Scenario["probe"]> =>
  async (bench, subject) =>
    keptOn(await startCrew(bench, subject, crewOptions(toolCores)), async ({ crew, running, stop }) => {
      await openAll(crew, running, { streams, topics });
      const step = { lanes, p99Ms: 5_000, fanOut: streams / topics, rate: sameRate };
      await crew.step(running, { ...step, millis: probeMs.warm });
      const measure = async (): Promise<number> => {
        const { why, cpuMicrosPerDelivery } = await crew.step(running, { ...step, millis: probeMs.step });
        if (why !== undefined) bench.say(`  ${subject.name}: ${why}`);
        return why === undefined ? cpuMicrosPerDelivery : Number.NaN;
      };
      return { measure, stop };
    });

const crewOptions = (toolCores: Cores | undefined) => (toolCores === undefined ? {} : { cores: toolCores });

const openAll = (crew: Crew, running: RunningSubject, of: { readonly streams: number; readonly topics: number }) =>
  crew.open(running, {
    count: of.streams,
    topics: of.topics,
    size: payloadBytes,
    concurrency: running.connectsAtOnce ?? 256,
  });

/** A scenario whose rate is stepped up to the highest that passes. */
export const stepped = (options: SteppedOptions): Scenario => {
  const { subjects, streams, topics } = options;
  const startRates = new Map(subjects.map(([{ name }, rate]) => [name, rate]));
  const startOf = ({ name }: Subject, earlier: Measurement | undefined): number =>
    earlier?.rate === undefined ? (startRates.get(name) ?? 10) : earlier.rate * nearEarlier;
  const measure = (bench: Bench, subject: Subject, earlier: Measurement | undefined): Promise<Measurement> =>
    withCrew(
      bench,
      subject,
      async (crew, running) => {
        await openAll(crew, running, { streams, topics });
        const best = await searchStep(bench, crew, running, { ...options, start: startOf(subject, earlier) });
        if (best === undefined) return { value: undefined, details: {} };
        return { value: best.deliveriesPerSec, details: stepDetails(best), rate: best.rate };
      },
      crewOptions(options.toolCores),
    );
  const { name, title, unit, reference } = options;
  const probed = subjects.map(([subject]) => subject);
  return { name, title, unit, better: "higher", reference, subjects: probed, measure, probe: probeOf(options) };
};
