import type { ScenarioName } from "../arguments.ts";
import { type Step, searchMaximum } from "../stepping.ts";
import type { RunningSubject, Subject } from "../subjects/subject.ts";
import type { Crew } from "../tool/crew.ts";
import type { StepFigures } from "../tool/step-figures.ts";
import type { Bench, Measurement, Scenario } from "./scenario.ts";
import { withCrew } from "./with-crew.ts";

/** Name of a detail: CPU µs of a delivery at `sameRate`. */
export const sameLoadCost = "CPU µs/delivery, same load";

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
  /** Events/s at which the quick benchmark compares the CPU that a delivery costs. */
  readonly sameRate: number;
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

/** What a delivery costs at a rate that is the same for all: this depends on what else the machine does far less than a maximum. */
const costAt = async (
  crew: Crew,
  running: RunningSubject,
  { streams, topics, lanes, sameRate }: SteppedOptions,
): Promise<Measurement["details"]> => {
  const step = { lanes, p99Ms: 5_000, fanOut: streams / topics, rate: sameRate };
  await crew.step(running, { ...step, millis: 500 });
  const { cpuMicrosPerDelivery } = await crew.step(running, { ...step, millis: 2_000 });
  return { [sameLoadCost]: cpuMicrosPerDelivery };
};

/** A scenario whose rate is stepped up to the highest that passes. */
export const stepped = (options: SteppedOptions): Scenario => {
  const { subjects, streams, topics } = options;
  const startRates = new Map(subjects.map(([{ name }, rate]) => [name, rate]));
  const startOf = ({ name }: Subject, earlier: Measurement | undefined): number =>
    earlier?.rate === undefined ? (startRates.get(name) ?? 10) : earlier.rate * nearEarlier;
  const measure = (bench: Bench, subject: Subject, earlier: Measurement | undefined): Promise<Measurement> =>
    withCrew(bench, subject, async (crew, running) => {
      const concurrency = running.connectsAtOnce ?? 256;
      await crew.open(running, { count: streams, topics, size: payloadBytes, concurrency });
      const cost = bench.quick ? await costAt(crew, running, options) : {};
      if (bench.costsOnly) return { value: undefined, details: cost };
      const start = startOf(subject, earlier);
      const best = await searchStep(bench, crew, running, { ...options, start });
      if (best === undefined) return { value: undefined, details: cost };
      return { value: best.deliveriesPerSec, details: { ...stepDetails(best), ...cost }, rate: best.rate };
    });
  const { name, title, unit, reference } = options;
  return { name, title, unit, better: "higher", reference, subjects: subjects.map(([subject]) => subject), measure };
};
