import { named, type RuleContext, range } from "../alerts/alert.ts";
import { duration } from "../alerts/duration.ts";
import type { RecordingRule } from "../alerts/rule.ts";
import { budgetSec, ratioWindows } from "./burn-windows.ts";
import { indicators } from "./indicators.ts";
import { budgetOf, type Objectives, sliNames } from "./objectives.ts";

/** Names of the recorded series; all carry `namespace`, `service`, `sli`, and but for the objective `source`. */
export const recorded = {
  /** Events a second (for the source `scrape`: targets), all and bad ones. */
  total: "revenprox:sli_total:rate",
  bad: "revenprox:sli_bad:rate",
  /** Bad share of the events of a window, 0 to 1; the window in the name is what it is at time factor 1. */
  errorRatio: (seconds: number): string => `revenprox:sli_error:ratio_${duration(seconds)}`,
  /** Share of events that must be good, 0 to 1. */
  objective: "revenprox:slo_objective:ratio",
  /** Share of the error budget that is left: 1 untouched, 0 used up, negative overspent. */
  budgetRemaining: "revenprox:error_budget_remaining:ratio",
} as const;

const recordingIntervalSec = 30;

/** Seconds between two recordings; scaled as the windows are, so that the shortest still holds several results. */
export const recordingSec = ({ timeFactor }: RuleContext): number => Math.max(1, recordingIntervalSec * timeFactor);

const errorRatio = (context: RuleContext, seconds: number): RecordingRule => {
  const average = (name: string): string => `avg_over_time(${named(context, name)}${range(context, seconds)})`;
  return {
    record: recorded.errorRatio(seconds),
    // Without events there is neither a good nor a bad share: no sample, not NaN.
    expr: `${average(recorded.bad)} / (${average(recorded.total)} > 0)`,
  };
};

const budgetRemaining = (context: RuleContext): RecordingRule => {
  const spent = named(context, recorded.errorRatio(budgetSec));
  const objective = named(context, recorded.objective);
  return {
    record: recorded.budgetRemaining,
    expr: `1 - ${spent} / on (namespace, service, sli) group_left () (1 - ${objective})`,
  };
};

const identity = ({ namespace, service }: RuleContext) => ({ namespace, service });

/** Rules whose results the burn-rate alerts and the dashboard read, in the order of their dependence. */
export const sloRecordingRules = (context: RuleContext, objectives: Objectives): readonly RecordingRule[] => {
  const budget = budgetOf(objectives);
  return [
    ...indicators(context, objectives).flatMap(({ sli, source, total, bad }) => [
      { record: recorded.total, expr: total, labels: { sli, source } },
      { record: recorded.bad, expr: bad, labels: { sli, source } },
    ]),
    ...sliNames.map((sli) => ({
      record: recorded.objective,
      expr: `vector(${Number((1 - budget[sli]).toPrecision(10))})`,
      labels: { ...identity(context), sli },
    })),
    ...[...ratioWindows, budgetSec].map((seconds) => errorRatio(context, seconds)),
    budgetRemaining(context),
  ];
};
