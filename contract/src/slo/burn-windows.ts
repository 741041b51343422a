import type { Severity } from "../alerts/alert.ts";
import { budgetDays } from "./objectives.ts";

/**
 * A pair of windows: the long one says that enough of the budget is gone, the short one that it is still going.
 * From the SRE workbook, "Alerting on SLOs", 6: multiwindow, multi-burn-rate.
 */
export interface BurnWindow {
  readonly severity: Severity;
  readonly longSec: number;
  readonly shortSec: number;
  /** Share of the whole budget that may be gone within the long window. */
  readonly budgetShare: number;
  readonly forSec: number;
}

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** Two pairs that page, two that make a ticket. */
export const burnWindows: readonly BurnWindow[] = [
  { severity: "critical", longSec: hour, shortSec: 5 * minute, budgetShare: 0.02, forSec: 2 * minute },
  { severity: "critical", longSec: 6 * hour, shortSec: 30 * minute, budgetShare: 0.05, forSec: 15 * minute },
  { severity: "warning", longSec: day, shortSec: 2 * hour, budgetShare: 0.1, forSec: hour },
  { severity: "warning", longSec: 3 * day, shortSec: 6 * hour, budgetShare: 0.1, forSec: 3 * hour },
];

/** How many times faster than allowed the budget goes when a window's share of it goes in its long window: 14.4, 6, 3, 1. */
export const burnRate = ({ budgetShare, longSec }: BurnWindow): number =>
  Number(((budgetShare * budgetDays * day) / longSec).toPrecision(10));

/** Every window that error ratios are recorded over, in seconds, ascending. */
export const ratioWindows: readonly number[] = [
  ...new Set(burnWindows.flatMap(({ longSec, shortSec }) => [longSec, shortSec])),
].toSorted((one, other) => one - other);

/** The whole time that a budget is for, in seconds. */
export const budgetSec = budgetDays * day;
