/** Values of one series in promtool's notation (`0+5x10`, `1 1 0`), by metric with its own labels. */
export type Values = Readonly<Record<string, string>>;

interface InputSeries {
  readonly series: string;
  readonly values: string;
}

/** Stands for as many scrapes as a case needs; `promtool.ts` puts the number in. */
export const toTheEnd = "xEND";

export const constant = (value: number): string => `${value}${toTheEnd}`;
/** Grows by `step` at each scrape. */
export const growing = (step: number): string => `0+${step}${toTheEnd}`;
/** `first` for so many scrapes, then `after`. */
export const change = (count: number, first: number, after: number): string =>
  `${first}x${count - 1} ${after}${toTheEnd}`;
/** A counter that stands still for so many scrapes and then grows for `length` of them. */
export const burst = (count: number, step: number, length: number): string =>
  `0x${count - 1} ${step}+${step}x${length} ${step * (length + 1)}${toTheEnd}`;

const requests = (route: string, kind: string): string => `revenprox_requests_total{route="${route}",class="${kind}"}`;
export const succeeded = requests("publish", "success");
export const unavailable = requests("publish", "unavailable");
export const failed = requests("publish", "server_error");
export const deliveries = "revenprox_message_latency_ms_count";
export const deliveredWithin = (edge: string): string => `revenprox_message_latency_ms_bucket{le="${edge}"}`;

/** A proxy in good order that is scraped: 10 requests and 100 deliveries at each scrape, all in time. */
const healthy: Values = {
  up: constant(1),
  revenprox_connections_active: constant(1_000),
  revenprox_connections_rejected: constant(0),
  revenprox_auth_failures_total: growing(1),
  revenprox_circuit_breaker_state: constant(0),
  revenprox_memory_used_bytes: constant(100_000_000),
  revenprox_memory_limit_bytes: constant(1_000_000_000),
  revenprox_peers_connected: constant(2),
  revenprox_event_loop_lag_seconds: constant(0.01),
  revenprox_loops_restarted_total: constant(0),
  revenprox_slow_clients_closed_total: growing(1),
  revenprox_config_rejected: constant(0),
  revenprox_malformed_messages_total: constant(0),
  revenprox_degraded: constant(0),
  revenprox_journal_lag_seconds: constant(2),
  revenprox_journal_bytes: constant(100_000_000),
  revenprox_journal_limit_bytes: constant(1_000_000_000),
  revenprox_holes_filled_total: growing(1),
  revenprox_gaps_told_total: growing(1),
  revenprox_replays_waiting: constant(0),
  [succeeded]: growing(10),
  [unavailable]: constant(0),
  [failed]: constant(0),
  [deliveries]: growing(100),
  [deliveredWithin("100.0")]: growing(100),
  [deliveredWithin("250.0")]: growing(100),
};

const labelled = (metric: string, labels: string): string =>
  metric.includes("{") ? metric.replace("}", `,${labels}}`) : `${metric}{${labels}}`;

const labelsOf = (pod: number): string =>
  `namespace="apps",service="web",job="web",endpoint="http",container="proxy",pod="web-${pod}",instance="10.0.0.${pod + 1}:8080"`;

/** Three proxies; `changed` replaces what the first one says, or all of them when `all`. */
export const proxies = (changed: Values = {}, all = false): readonly InputSeries[] =>
  [0, 1, 2].flatMap((pod) =>
    Object.entries({ ...healthy, ...(all || pod === 0 ? changed : {}) }).map(([metric, values]) => ({
      series: labelled(metric, labelsOf(pod)),
      values,
    })),
  );

/** Evaluations that still see a pod's failed last scrape until Prometheus has given its target up. */
const scrapesUntilGivenUp = 3;

/**
 * Three proxies that are replaced one by one from scrape `from` on, `drain` scrapes apart. A pod fails the scrapes
 * after its end until its target is given up; the one in its place fails two before it answers.
 */
export const rollout = (from: number, drain = 3): readonly InputSeries[] =>
  [0, 1, 2].flatMap((pod) => {
    const begin = from + pod * (drain + 2);
    const end = begin + drain;
    const old = `1x${end - 1} 0x${scrapesUntilGivenUp - 1} stale`;
    const fresh = `_x${begin - 1} 0 0 1${toTheEnd}`;
    return [
      { series: labelled("up", labelsOf(pod)), values: old },
      { series: labelled("up", labelsOf(pod + 3)), values: fresh },
    ];
  });

/** An operator in good order. */
const healthyOperator: Values = {
  up: constant(1),
  revenprox_operator_reconcile_errors_total: constant(0),
  'revenprox_operator_reconcile_duration_seconds_bucket{le="1.0"}': growing(5),
  'revenprox_operator_reconcile_duration_seconds_bucket{le="30.0"}': growing(5),
  'revenprox_operator_reconcile_duration_seconds_bucket{le="+Inf"}': growing(5),
  revenprox_operator_watch_last_event_age_seconds: constant(40),
  revenprox_operator_workqueue_depth: constant(0),
  revenprox_operator_workqueue_longest_running_processor_seconds: constant(1),
};

export const operatorService = { namespace: "revenprox-system", service: "revenprox-operator-metrics" } as const;

/** The operator's series, with some of them replaced. */
export const operator = (changed: Values = {}): readonly InputSeries[] =>
  Object.entries({ ...healthyOperator, ...changed }).map(([metric, values]) => ({
    series: labelled(
      metric,
      `namespace="${operatorService.namespace}",service="${operatorService.service}",pod="operator-0",instance="10.0.0.9:8080"`,
    ),
    values,
  }));

export type Series = readonly InputSeries[];
