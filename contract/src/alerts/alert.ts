import { type MetricName, metricName } from "../metrics.ts";
import { duration } from "./duration.ts";
import type { AlertThresholds } from "./thresholds.ts";

/** How bad it is: `critical` wakes somebody, `warning` waits for the working day. */
export type Severity = "warning" | "critical";

/** What the expressions of one instance's rules are written from. */
export interface RuleContext {
  readonly namespace: string;
  /** Name of the RevenProx, which is also that of its Service and so the label `service` of its series. */
  readonly service: string;
  readonly thresholds: AlertThresholds;
  /** Proxies the instance has at least; with one there is no peer to miss. */
  readonly minReplicas: number;
  /** Seconds between two scrapes. */
  readonly intervalSec: number;
  /** By what every window and `for` is multiplied. 1, but in tests that cannot wait. */
  readonly timeFactor: number;
}

/** One alert; `expr` is undefined where it makes no sense for the instance. */
export interface Alert {
  readonly name: string;
  readonly severity: Severity;
  readonly forSec: number;
  readonly summary: string;
  readonly description: string;
  /** Beside `severity`. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly expr: (context: RuleContext) => string | undefined;
}

/** Label matchers that every series of the instance fulfils. */
const selector = ({ namespace, service }: RuleContext): string => `namespace="${namespace}",service="${service}"`;

/** Any series of this instance by its full name; `matchers` narrow it further. */
export const named = (context: RuleContext, name: string, matchers?: string): string =>
  `${name}{${[selector(context), ...(matchers === undefined ? [] : [matchers])].join(",")}}`;

/** A metric of the catalogue, of this instance only. */
export const series = (context: RuleContext, name: MetricName, matchers?: string): string =>
  named(context, metricName(name), matchers);

/** `up` of the instance's scrape targets. */
export const up = (context: RuleContext): string => named(context, "up");

/** So many seconds, scaled, as Prometheus writes them. */
export const scaled = ({ timeFactor }: RuleContext, seconds: number): string =>
  duration(Math.max(1, seconds * timeFactor));

/** A window of so many seconds as a range, scaled, with its brackets. */
export const range = (context: RuleContext, seconds: number): string => `[${scaled(context, seconds)}]`;

/** A number without the dust of binary fractions. */
export const decimal = (value: number): number => Number(value.toPrecision(10));
