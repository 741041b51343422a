import type { MetricType } from "./metrics.ts";

/** Prefix of every metric name of the operator. */
export const operatorMetricPrefix = "revenprox_operator_";

/**
 * Metrics of the operator that rules and the dashboard read, by name without prefix; the words are controller-runtime's.
 * It also serves Node's own under `nodejs_` and `process_`.
 */
export const operatorMetrics = {
  reconcile_total: "counter",
  reconcile_errors_total: "counter",
  reconcile_duration_seconds: "histogram",
  workqueue_depth: "gauge",
  workqueue_longest_running_processor_seconds: "gauge",
  workqueue_adds_total: "counter",
  workqueue_retries_total: "counter",
  workqueue_queue_duration_seconds: "histogram",
  watch_last_event_age_seconds: "gauge",
  watch_restarts_total: "counter",
  list_total: "counter",
  child_writes_total: "counter",
  status_writes_total: "counter",
  autoscaling_decisions_total: "counter",
  resources: "gauge",
  cached_objects: "gauge",
  served_crd_missing_fields: "gauge",
  leader: "gauge",
  leader_terms_total: "counter",
  build_info: "gauge",
} as const satisfies Record<string, MetricType>;

export type OperatorMetricName = keyof typeof operatorMetrics;

/** Full name as scraped. */
export const operatorMetricName = (name: OperatorMetricName): string => `${operatorMetricPrefix}${name}`;
