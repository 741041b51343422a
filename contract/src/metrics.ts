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
  /** What the values of several event loops of one proxy make together; absent: their sum. */
  readonly across?: "max" | "min" | "average";
}

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
    help: "Connections rejected by a limit of this proxy: on streams, topics, memory, CPU, network or file descriptors",
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
    help: "Milliseconds from the acceptance of a message, with the journal off from its arrival here, to its write to the sockets of this proxy",
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
    across: "max",
  },
  memory_used_bytes: {
    type: "gauge",
    group: "system",
    help: "Resident memory in bytes; of several event loops the pages of the program once",
  },
  memory_limit_bytes: { type: "gauge", group: "system", help: "Memory the process may use in bytes", across: "max" },
  cpu_usage_percent: {
    type: "gauge",
    group: "system",
    help: "CPU used since the last scrape in percent of one core",
  },
  fd_used: { type: "gauge", group: "system", help: "Open file descriptors" },
  goroutines: { type: "gauge", group: "system", help: "Event loops and worker threads" },
  peers_connected: {
    type: "gauge",
    group: "distributed-state",
    help: "Peer proxies heard of within the peer timeout",
    across: "min",
  },
  sync_messages_sent: { type: "counter", group: "distributed-state", help: "State messages sent to peers" },
  sync_lag_seconds: {
    type: "gauge",
    group: "distributed-state",
    help: "Seconds since the last state message was exchanged with the bus; 0 when the proxy stands alone",
    across: "max",
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
    help: "Streams that closed while their client took no bytes: cut after slow_client_timeout_sec without progress, or left in that time",
  },
  streams_moved_total: {
    type: "counter",
    group: "extra",
    help: "Streams that were ended cleanly so that their clients go to another proxy, by reason: drain = this one shuts down, shed = it was asked to give some away",
    labels: ["reason"],
  },
  degraded: {
    type: "gauge",
    group: "extra",
    help: "1 while the proxy serves but cannot reach the journal, else 0; /health then says degraded, as it does while NATS refuses a setting",
    across: "max",
  },
  journal_reads_total: {
    type: "counter",
    group: "extra",
    help: "Requests to NATS for stored messages, by source: main = the journal's stream, mirror = its replay mirror, leader = a check with the stream's leader, tails = a comparison of followed topics with the journal",
    labels: ["source"],
  },
  malformed_messages_total: {
    type: "counter",
    group: "extra",
    help: "Messages on the bus that were skipped because they break the format",
  },
  trace_spans_sent_total: { type: "counter", group: "extra", help: "Spans that the trace receiver has taken" },
  trace_spans_dropped_total: {
    type: "counter",
    group: "extra",
    help: "Spans that were lost, by reason: queue_full = more than tracing.max_queue_spans waited, export_failed = the receiver did not take them in time",
    labels: ["reason"],
  },
  clock_offset_seconds: {
    type: "gauge",
    group: "extra",
    help: "Measured offset of this proxy's clock to the journal's clock, positive when the journal is ahead",
    across: "average",
  },
  build_info: {
    type: "gauge",
    group: "extra",
    help: "Always 1; the version is a label",
    labels: ["version"],
    across: "max",
  },
  requests_total: {
    type: "counter",
    group: "extra",
    help: "Requests for streams and publishes by what their client saw: client_error = 4xx, unavailable = 503, server_error = any other 5xx",
    labels: ["route", "class"],
  },
  connections_limit: {
    type: "gauge",
    group: "extra",
    help: "Streams this proxy accepts: the lowest of max_connections, the open-file limit less a reserve, and what memory allows",
  },
  event_loop_lag_seconds: {
    type: "gauge",
    group: "extra",
    help: "99th percentile of the delay of the slowest event loop over the last 10 to 20 seconds",
    across: "max",
  },
  queue_bytes: {
    type: "gauge",
    group: "extra",
    help: "Bytes of encoded events held in memory for streams that are behind or come back",
  },
  queue_limit_bytes: { type: "gauge", group: "extra", help: "Bytes that queue_bytes may reach" },
  streams_blocked: { type: "gauge", group: "extra", help: "Open streams whose socket takes nothing more for now" },
  resumes_total: {
    type: "counter",
    group: "extra",
    help: "Streams that came with a last event id, by result: continued, or the reason of the gap they were told",
    labels: ["result"],
  },
  replays_running: { type: "gauge", group: "extra", help: "Reads of the journal under way for streams" },
  replays_waiting: { type: "gauge", group: "extra", help: "Reads of the journal that wait for another to end" },
  publish_duration_seconds: {
    type: "histogram",
    group: "extra",
    help: "Seconds from a publish request read whole to the answer of the journal, or to giving up on it",
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  },
  verifier_duration_seconds: {
    type: "histogram",
    group: "extra",
    help: "Seconds one call of the webhook or the key set took, failures and time-outs included",
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  },
  journal_lag_seconds: {
    type: "gauge",
    group: "extra",
    help: "Seconds since the journal was last heard of; it is heard of every few seconds in good order, 0 when the proxy stands alone",
    across: "max",
  },
  journal_bytes: {
    type: "gauge",
    group: "extra",
    help: "Bytes the journal holds, as last read from it",
    across: "max",
  },
  journal_limit_bytes: {
    type: "gauge",
    group: "extra",
    help: "Bytes the journal may hold (max_bytes) before the oldest events go, as last read from it; 0 when not known",
    across: "max",
  },
  journal_messages: {
    type: "gauge",
    group: "extra",
    help: "Messages the journal holds, as last read from it",
    across: "max",
  },
  config_rejected: {
    type: "gauge",
    group: "extra",
    help: "1 while a changed configuration is refused and the one before it is in force, else 0",
    across: "max",
  },
  loops_restarted_total: {
    type: "counter",
    group: "extra",
    help: "Event loops that ended unasked and were started again; their streams came back by themselves",
  },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof metrics;

/** Full name as scraped. */
export const metricName = (name: MetricName): string => `${metricPrefix}${name}`;
