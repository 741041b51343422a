import type { ScenarioName } from "../arguments.ts";
import type { Place, Subject } from "../subjects/subject.ts";

/** What one run of a scenario gave for one subject. */
export interface Measurement {
  /** The figure that is compared; undefined where no load passed. */
  readonly value: number | undefined;
  /** More figures, each with its unit in its name. */
  readonly details: Readonly<Record<string, number>>;
  /** For a scenario that steps its load up: where to begin the next time. */
  readonly rate?: number;
}

/** What a scenario needs to run. */
export interface Bench {
  /** Path of the load tool. */
  readonly loadTool: string;
  readonly quick: boolean;
  readonly proxyKeys: Place["proxyKeys"];
  /** An empty folder, which is removed afterwards. */
  newFolder(): string;
  say(line: string): void;
}

/** A server that stays, and what an operation costs it. */
export interface CostProbe {
  /** CPU µs of an operation under a second or so of one load, which is the same for all subjects. */
  measure(): Promise<number>;
  stop(): Promise<void>;
}

export interface Scenario {
  readonly name: ScenarioName;
  readonly title: string;
  readonly unit: string;
  readonly better: "higher" | "lower";
  /** What is measured, in this order in each run. */
  readonly subjects: readonly Subject[];
  /** Name of the subject that ratios are made to; undefined: there is none. */
  readonly reference: string | undefined;
  /** Runs, where fewer than asked for are enough. */
  readonly mostRuns?: number;
  /** `earlier`: the last run of the same subject. */
  measure(bench: Bench, subject: Subject, earlier: Measurement | undefined): Promise<Measurement>;
  /** For the check: resolves once the subject has run until its code is warm. Absent: costs are not compared. */
  readonly probe?: (bench: Bench, subject: Subject) => Promise<CostProbe>;
}
