import { named, type RuleContext, range, scaled, series, up } from "../alerts/alert.ts";
import { metricName } from "../metrics.ts";
import type { Objectives, SliName } from "./objectives.ts";

/** How one service level indicator is measured from one source: events in all, and the bad ones, both as a rate. */
export interface Indicator {
  readonly sli: SliName;
  readonly source: "scrape" | "requests" | "messages";
  readonly total: string;
  readonly bad: string;
}

/** Rates are taken over at least four scrapes, so that one that failed leaves no hole. */
const scrapesInRate = 4;
const leastRateSec = 60;
/** A proxy that fails a scrape counts when it answered one in this time; before that it is starting. */
const startedWithinSec = 3_600;

const rateWindowSec = ({ intervalSec }: RuleContext): number => Math.max(leastRateSec, scrapesInRate * intervalSec);

const perSecond = (context: RuleContext, selected: string): string =>
  `sum by (namespace, service) (rate(${selected}${range(context, rateWindowSec(context))}))`;

/**
 * Proxies that did not answer a moment ago, though they had before, and that Prometheus still looks for. It goes on
 * showing the failed last scrape of a pod that has ended for two more intervals, until it has given its target up; so
 * the judgement waits for longer than that. An outage counts in full, so much later.
 */
const unanswered = (context: RuleContext): string => {
  const ago = ` offset ${scaled(context, rateWindowSec(context))}`;
  const failed = `(${up(context)}${ago} == bool 0)`;
  const answeredBefore = `max_over_time(${up(context)}${range(context, startedWithinSec)}${ago})`;
  return `sum by (namespace, service) (${failed} * ${answeredBefore} and ${up(context)})`;
};

/**
 * The label `le` of an upper edge: Prometheus 3 writes `100.0`, older ones keep the `100` that is served.
 */
const edge = (milliseconds: number): string =>
  Number.isInteger(milliseconds) ? `le=~"${milliseconds}([.]0)?"` : `le="${milliseconds}"`;

/** Every indicator of an instance. `up` and requests are two views of one thing: a proxy may answer Prometheus but no client. */
export const indicators = (
  context: RuleContext,
  { latencyThresholdMs }: Pick<Objectives, "latencyThresholdMs">,
): readonly Indicator[] => {
  const requests = (classes?: string) => perSecond(context, series(context, "requests_total", classes));
  const latency = metricName("message_latency_ms");
  const deliveries = perSecond(context, named(context, `${latency}_count`));
  const inTime = perSecond(context, named(context, `${latency}_bucket`, edge(latencyThresholdMs)));
  return [
    {
      sli: "availability",
      source: "scrape",
      total: `count by (namespace, service) (${up(context)})`,
      bad: unanswered(context),
    },
    {
      sli: "availability",
      source: "requests",
      total: requests(),
      bad: requests('class="unavailable"'),
    },
    { sli: "latency", source: "messages", total: deliveries, bad: `${deliveries} - ${inTime}` },
    {
      sli: "errors",
      source: "requests",
      total: requests(),
      bad: requests('class=~"unavailable|server_error"'),
    },
  ];
};
