/** Prefix of every metric name (seed). */
export const metricPrefix = "revenprox_";

export type MetricType = "gauge" | "counter" | "histogram";

/**
 * One metric of the proxy. `help` says what and in which unit; `buckets` are upper edges in the metric's unit.
 * `group` is the seed's grouping, `extra` what the seed does not name.
 */
export interface Metric {
  readonly type: MetricType;
  readonly group: "connection" | "message" | "auth" | "system" | "distributed-state" | "extra";
  readonly help: string;
  readonly labels?: readonly string[];
  readonly buckets?: readonly number[];
}

/** Why a request was refused; the label values of `refusals_total`, all present from the start. */
export const refusalReasons = [
  "auth",
  "bad_request",
  "conflict",
  "draining",
  "internal",
  "journal",
  "not_found",
  "origin",
  "too_large",
  "capacity",
  "rate_limit",
  "verifier",
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

/** Why a message was dropped for a stream; the label values of `drops_total`, all present from the start. */
export const dropReasons = ["expired", "slow_consumer"] as const;
export type DropReason = (typeof dropReasons)[number];

/**
 * Every metric a proxy exposes, by its name without the prefix: the seed's 21, `memory_limit_bytes`, and extras.
 * No label carries a topic, token, user or address, so the number of series is constant.
 */
export const metrics = {
  connections_active: { type: "gauge", group: "connection", help: "Current active connections" },
  connections_total: { type: "counter", group: "connection", help: "Total connections since start" },
  connections_rejected: {
    type: "counter",
    group: "connection",
    help: "Connections rejected by a limit on connections, memory or file descriptors",
  },
  connection_duration_seconds: {
    type: "histogram",
    group: "connection",
    help: "Lifetime of closed connections in seconds",
    buckets: [1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400],
  },
  messages_sent_total: { type: "counter", group: "message", help: "Total messages sent" },
  messages_dropped_total: {
    type: "counter",
    group: "message",
    help: "Messages dropped for a connection and told to it as a gap; a gap of unknown size counts as one",
  },
  bytes_sent_total: { type: "counter", group: "message", help: "Total bytes of event stream handed to sockets" },
  message_latency_ms: {
    type: "histogram",
    group: "message",
    help: "Milliseconds from the acceptance of a message to its write to the sockets of this proxy",
    buckets: [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000],
  },
  auth_requests_total: { type: "counter", group: "auth", help: "Total authentication requests" },
  auth_cache_hits: { type: "counter", group: "auth", help: "Authentication verdicts taken from the cache" },
  auth_cache_misses: { type: "counter", group: "auth", help: "Authentication verdicts not found in the cache" },
  auth_failures_total: { type: "counter", group: "auth", help: "Authentication failures" },
  circuit_breaker_state: {
    type: "gauge",
    group: "auth",
    help: "State of the circuit breaker before the verifier: 0 closed, 1 open or half-open",
  },
  memory_used_bytes: { type: "gauge", group: "system", help: "Resident memory of the process in bytes" },
  memory_limit_bytes: { type: "gauge", group: "system", help: "Memory the process may use in bytes" },
  cpu_usage_percent: {
    type: "gauge",
    group: "system",
    help: "CPU used since the last scrape in percent of one core",
  },
  fd_used: { type: "gauge", group: "system", help: "Open file descriptors" },
  goroutines: { type: "gauge", group: "system", help: "Event loops and worker threads" },
  peers_connected: { type: "gauge", group: "distributed-state", help: "Peer proxies heard of within the peer timeout" },
  sync_messages_sent: { type: "counter", group: "distributed-state", help: "State messages sent to peers" },
  sync_lag_seconds: {
    type: "gauge",
    group: "distributed-state",
    help: "Seconds since the last state message was exchanged with the bus; 0 when the proxy stands alone",
  },
  topics_active: { type: "gauge", group: "distributed-state", help: "Topics with at least one listener on this proxy" },
  refusals_total: {
    type: "counter",
    group: "extra",
    help: "Requests answered with an error, by reason",
    labels: ["reason"],
  },
  drops_total: {
    type: "counter",
    group: "extra",
    help: "Messages that were dropped for a connection, by reason: expired = no longer in the journal, slow_consumer = dropped by backpressure_policy",
    labels: ["reason"],
  },
  gaps_told_total: { type: "counter", group: "extra", help: "Gap events written to streams" },
  holes_filled_total: {
    type: "counter",
    group: "extra",
    help: "Messages that were missing in live delivery and fetched from the journal",
  },
  late_messages_total: {
    type: "counter",
    group: "extra",
    help: "Messages that reached a stream of several topics after later ones of its other topics, because they were lost on the way",
  },
  slow_clients_closed_total: {
    type: "counter",
    group: "extra",
    help: "Streams that closed while their client took no bytes: cut after 10 seconds without progress, or left in that time",
  },
  malformed_messages_total: {
    type: "counter",
    group: "extra",
    help: "Messages on the bus that were skipped because they break the format",
  },
  clock_offset_seconds: {
    type: "gauge",
    group: "extra",
    help: "Measured offset of this proxy's clock to the journal's clock, positive when the journal is ahead",
  },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof metrics;

/** Full name as scraped. */
export const metricName = (name: MetricName): string => `${metricPrefix}${name}`;
