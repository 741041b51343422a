import { placeholder } from "../../src/dashboards/placeholder.ts";
import { type MetricName, metricName } from "../../src/metrics.ts";
import { type OperatorMetricName, operatorMetricName } from "../../src/operator-metrics.ts";

const instance = 'namespace="$namespace",service="$service"';
const chosenPods = `${instance},pod=~"$pod"`;

const braces = (labels: string, matchers: string | undefined): string =>
  `{${matchers === undefined ? labels : `${labels},${matchers}`}}`;

/** A metric of the chosen proxies. */
export const metric = (name: MetricName, matchers?: string): string =>
  `${metricName(name)}${braces(chosenPods, matchers)}`;

/** A part of a histogram of the chosen proxies. */
export const bucket = (name: MetricName): string => `${metricName(name)}_bucket${braces(chosenPods, undefined)}`;

/** A recorded series of the chosen instance. */
export const recordedOf = (name: string, matchers?: string): string => `${name}${braces(instance, matchers)}`;

/** `up` of the chosen proxies. */
export const upOf = `up${braces(chosenPods, undefined)}`;

/** A metric of the chosen operator; `part` is `_bucket` for a histogram's. */
export const operatorMetric = (name: OperatorMetricName, part = ""): string =>
  `${operatorMetricName(name)}${part}${braces(instance, undefined)}`;

export const upOfOperator = `up${braces(instance, undefined)}`;

const short = `[${placeholder.shortRange}]`;
const long = `[${placeholder.longRange}]`;

/** Rate over the seed's one minute. */
export const perSecond = (selected: string): string => `rate(${selected}${short})`;
/** Rate over the seed's five minutes. */
export const perSecondLong = (selected: string): string => `rate(${selected}${long})`;
/** A quantile over the rates of buckets: over the raw, ever growing buckets it would be one over the process's whole life. */
export const quantile = (q: number, buckets: string, by = ""): string =>
  `histogram_quantile(${q}, sum by (le${by}) (${perSecondLong(buckets)}))`;
