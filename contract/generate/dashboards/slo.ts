import { burnRate, burnWindows } from "../../src/slo/burn-windows.ts";
import { type SliName, sliNames } from "../../src/slo/objectives.ts";
import { recorded } from "../../src/slo/recording-rules.ts";
import type { Row } from "./frame.ts";
import { lines, number } from "./panels.ts";
import { recordedOf } from "./queries.ts";

const titles: Readonly<Record<SliName, string>> = {
  availability: "Availability",
  latency: "Latency",
  errors: "Errors",
};

const hour = 3_600;
const pageRates = burnWindows.filter(({ severity }) => severity === "critical").map(burnRate);

/** How many times faster than allowed the budget goes. */
const burn = (seconds: number, matcher: string): string =>
  `${recordedOf(recorded.errorRatio(seconds), matcher)} / on (namespace, service, sli) group_left () (1 - ${recordedOf(recorded.objective, matcher)})`;

const sliRow = (sli: SliName): Row => {
  const matcher = `sli="${sli}"`;
  return {
    title: titles[sli],
    panels: [
      lines(
        {
          title: `${titles[sli]}: Budget Remaining`,
          description: "What is left of the error budget of 30 days: 1 untouched, 0 used up, below 0 overspent.",
          unit: "percentunit",
          signed: true,
        },
        [{ expr: recordedOf(recorded.budgetRemaining, matcher), legend: "{{source}}" }],
        3,
      ).max(1),
      lines(
        {
          title: `${titles[sli]}: Burn Rate`,
          description: `1: the budget lasts exactly 30 days. A page comes at ${pageRates.join(" (over 1 h) or ")} (over 6 h).`,
          unit: "short",
        },
        [
          { expr: burn(hour, matcher), legend: "1h {{source}}" },
          { expr: burn(6 * hour, matcher), legend: "6h {{source}}" },
          { expr: burn(72 * hour, matcher), legend: "3d {{source}}" },
        ],
        3,
      ),
      lines(
        {
          title: `${titles[sli]}: Events`,
          description: "All events and the bad ones (for the source scrape: proxies).",
          unit: "short",
        },
        [
          { expr: recordedOf(recorded.total, matcher), legend: "all {{source}}" },
          { expr: recordedOf(recorded.bad, matcher), legend: "bad {{source}}" },
        ],
        3,
      ),
    ],
  };
};

/** SLO and error budget: the seed's three indicators. */
export const slo: readonly Row[] = [
  {
    title: "Now",
    panels: sliNames.flatMap((sli) => [
      number(
        {
          title: `${titles[sli]} Objective`,
          description: "Share of events that must be good (spec.slo).",
          unit: "percentunit",
        },
        { expr: recordedOf(recorded.objective, `sli="${sli}"`), legend: sli },
      ),
      number(
        { title: `${titles[sli]} Budget Left`, description: "Of 30 days.", unit: "percentunit" },
        { expr: `min(${recordedOf(recorded.budgetRemaining, `sli="${sli}"`)})`, legend: sli },
        { warn: 0.5, bad: 0.1 },
      ),
    ]),
  },
  ...sliNames.map(sliRow),
];
