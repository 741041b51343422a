import type { AlertingRule, RecordingRule } from "../alerts/rule.ts";
import { type Metric, type MetricName, metricName, metrics } from "../metrics.ts";
import { type OperatorMetricName, operatorMetricName, operatorMetrics } from "../operator-metrics.ts";

const parts = (name: string, type: string): readonly string[] =>
  type === "histogram" ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name];

/** Every series name that a rule or panel may read: the catalogue's, the operator's, `up`, and what `rules` record. */
export const knownSeries = (rules: readonly (AlertingRule | RecordingRule)[]): ReadonlySet<string> =>
  new Set([
    "up",
    ...(Object.entries(metrics) as [MetricName, Metric][]).flatMap(([name, { type }]) => parts(metricName(name), type)),
    ...(Object.entries(operatorMetrics) as [OperatorMetricName, string][]).flatMap(([name, type]) =>
      parts(operatorMetricName(name), type),
    ),
    ...rules.flatMap((rule) => ("record" in rule ? [rule.record] : [])),
  ]);
