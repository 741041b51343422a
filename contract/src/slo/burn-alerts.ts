import { type Alert, decimal, named, type RuleContext, range } from "../alerts/alert.ts";
import { duration } from "../alerts/duration.ts";
import { type BurnWindow, burnRate, burnWindows } from "./burn-windows.ts";
import { budgetOf, type Objectives, type SliName, sliNames } from "./objectives.ts";
import { recorded, recordingSec } from "./recording-rules.ts";

/** Bad events (for the source `scrape`: seconds of one proxy) in the long window, below which nothing burns: one failure of three requests is no outage. */
const leastBadEvents = 10;

const names: Readonly<Record<SliName, { readonly alert: string; readonly what: string }>> = {
  availability: { alert: "RevenProxAvailabilityBudgetBurn", what: "the service was not there ({{ $labels.source }})" },
  latency: { alert: "RevenProxLatencyBudgetBurn", what: "deliveries took longer than the target" },
  errors: { alert: "RevenProxErrorsBudgetBurn", what: "requests failed" },
};

const expression = (context: RuleContext, sli: SliName, window: BurnWindow, budget: number): string => {
  const { longSec, shortSec } = window;
  const matcher = `sli="${sli}"`;
  const limit = decimal(burnRate(window) * budget);
  const ratio = (seconds: number): string => named(context, recorded.errorRatio(seconds), matcher);
  const bad = `${named(context, recorded.bad, matcher)}${range(context, longSec)}`;
  const recordingsInWindow = decimal((longSec * context.timeFactor) / recordingSec(context));
  // Time before the instance, or its Prometheus, began has spent nothing of the budget: without this factor the first
  // bad seconds after an install would weigh as much as if they had gone on for the whole window.
  const seen = `(count_over_time(${bad}) / ${recordingsInWindow})`;
  const least = decimal(leastBadEvents / recordingSec(context));
  return `(${ratio(longSec)} * ${seen} > ${limit}) and (${ratio(shortSec)} > ${limit}) and sum_over_time(${bad}) >= ${least}`;
};

const alertOf = (sli: SliName, window: BurnWindow, objectives: Objectives): Alert => {
  const { alert, what } = names[sli];
  const [long, short] = [duration(window.longSec), duration(window.shortSec)];
  const days = (window.longSec / window.budgetShare / 86_400).toFixed(1);
  return {
    name: alert,
    severity: window.severity,
    forSec: window.forSec,
    labels: { sli, long, short },
    summary: `{{ $labels.namespace }}/{{ $labels.service }} spends its ${sli} error budget ${burnRate(window)} times too fast`,
    description: `In the last ${long} ${what} for {{ $value | humanizePercentage }} of events. At this pace the budget of 30 days is gone in ${days} days.`,
    expr: (context) => expression(context, sli, window, budgetOf(objectives)[sli]),
  };
};

/** Multi-window burn-rate alerts: for each indicator two pairs that page and two that make a ticket. */
export const burnAlerts = (objectives: Objectives): readonly Alert[] =>
  sliNames.flatMap((sli) => burnWindows.map((window) => alertOf(sli, window, objectives)));
