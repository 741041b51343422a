import { duration } from "../src/alerts/duration.ts";
import type { RecordingRule } from "../src/alerts/rule.ts";
import { burnAlerts } from "../src/slo/burn-alerts.ts";
import { burnRate, burnWindows } from "../src/slo/burn-windows.ts";
import { defaultObjectives, latencyEdges, type SliName, sliNames } from "../src/slo/objectives.ts";
import { recorded } from "../src/slo/recording-rules.ts";
import { exampleGroups } from "./example-rules.ts";
import { page, table } from "./markdown.ts";

const indicators: Readonly<Record<SliName, readonly [target: string, bad: string, total: string]>> = {
  availability: [
    "99.9 %",
    "source `scrape`: proxies that did not answer Prometheus a minute (or four scrapes) ago, though they had in the hour before, and that it still looks for; source `requests`: requests answered with 503",
    "proxies; requests for streams and publishes",
  ],
  latency: [
    "99 % within 100 ms",
    "deliveries that took longer than `latency.thresholdMs` from the acceptance of a message to its write to the socket",
    "deliveries",
  ],
  errors: [
    "at most 0.1 %",
    "requests answered with any 5xx; 4xx is the client's doing",
    "requests for streams and publishes",
  ],
};

const rules = (): readonly RecordingRule[] =>
  exampleGroups().flatMap((group) => group.rules.filter((rule) => "record" in rule));

/** `docs/slo.md`: objectives, what is recorded, and when somebody is called. */
export const sloDocs = (): string =>
  page("contract/src/slo", "Service level objectives", [
    "A RevenProx has the seed's three objectives over 30 days. The operator renders recording rules and burn-rate alerts for them into the PrometheusRule, and a dashboard *SLO*.",
    `\`\`\`yaml\nspec:\n  slo:\n    availability: {targetPercent: ${defaultObjectives.availabilityPercent}}\n    latency: {targetPercent: ${defaultObjectives.latencyPercent}, thresholdMs: ${defaultObjectives.latencyThresholdMs}}\n    errors: {maxPercent: ${defaultObjectives.errorsMaxPercent}}\n\`\`\``,
    `These are the defaults. \`slo.enabled: false\` leaves rules and alerts out. A target lies between 95 and 99.999 %: below that a burn rate of 14.4 would be more than everything. \`thresholdMs\` is an upper edge of the histogram, since only there the share is exact: ${latencyEdges.join(", ")}.`,
    "## Indicators",
    table(
      ["Indicator", "Default target", "Bad", "Of all"],
      sliNames.map((sli) => [sli, ...indicators[sli]]),
    ),
    "Availability is seen from two sides, since each misses something: a proxy may answer Prometheus but no client, and clients that reach nothing at all are counted by nobody. A proxy that is starting and has not answered yet is not bad, so neither an install nor a scale-up costs budget. Nor is one that has ended: when a pod is deleted, Prometheus shows its failed last scrape for two more intervals, until it gives the target up. So a failed scrape is judged a minute later (four scrapes, where that is longer) and counts only if the target is still there. An outage counts in full, that much later.",
    'The objective "p99 under 100 ms" is measured as a share: at least 99 % of deliveries within 100 ms. A quantile cannot be averaged over proxies and windows, a share can.',
    "## Alerts",
    table(
      ["Severity", "Long window", "Short window", "Burn rate", "Budget gone in the long window", "For"],
      burnWindows.map((window) => [
        window.severity,
        duration(window.longSec),
        duration(window.shortSec),
        String(burnRate(window)),
        `${window.budgetShare * 100} %`,
        duration(window.forSec),
      ]),
    ),
    `Each of ${[...new Set(burnAlerts(defaultObjectives).map(({ name }) => `[${name}](runbooks/${name}.md)`))].join(", ")} fires when both windows of a pair are above the burn rate: the long one says that enough of the budget is gone, the short one that it is still going, so that the alert ends soon after its cause. Fewer than ten bad events in the long window never fire: one failure of three requests is no outage.`,
    "A window that reaches back before the instance existed is not full. Its error ratio is that of the minutes that were seen; the alerts multiply it by the share of the long window that they are (`count_over_time`), since time before the install has spent no budget. So a roll-out, or a few failed requests, minutes after an install do not look like an hour of outage, and a real outage still fires as soon as it has spent what the pair allows: 52 seconds of complete outage for the first, however young the instance. The same holds after a Prometheus lost its data. The rules must be evaluated each 30 seconds, as their group says: one that skips evaluations sees less.",
    "Both availability and errors burn when clients get 503. Let Alertmanager group by `namespace` and `service`.",
    "## Recording rules",
    `\`${recorded.budgetRemaining}\` is what is left of the budget: 1 untouched, 0 used up, negative overspent. It looks back 30 days, or as far as your Prometheus keeps data. In the first hours of an instance few events are everything there is, so it moves fast.`,
    table(
      ["Series", "Labels", "Expression (for `quickstart` in `default`)"],
      rules().map(({ record, expr, labels = {} }) => [
        `\`${record}\``,
        Object.entries(labels)
          .filter(([name]) => name === "sli" || name === "source")
          .map(([name, value]) => `\`${name}=${value}\``)
          .join(" "),
        `\`${expr}\``,
      ]),
    ),
  ]);
