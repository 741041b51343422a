import type { MetricName } from "./metrics.ts";

/**
 * Metrics whose name breaks today's naming convention because the seed's name wins, with what the convention would
 * want. `lint` is what `promtool check metrics` says; absent where promtool does not notice.
 */
export const conventionExceptions: Readonly<
  Partial<Record<MetricName, { readonly wanted: string; readonly lint?: string }>>
> = {
  connections_rejected: {
    wanted: "connections_rejected_total",
    lint: 'counter metrics should have "_total" suffix',
  },
  auth_cache_hits: { wanted: "auth_cache_hits_total", lint: 'counter metrics should have "_total" suffix' },
  auth_cache_misses: { wanted: "auth_cache_misses_total", lint: 'counter metrics should have "_total" suffix' },
  sync_messages_sent: { wanted: "sync_messages_sent_total", lint: 'counter metrics should have "_total" suffix' },
  message_latency_ms: {
    wanted: "message_latency_seconds",
    lint: "metric names should not contain abbreviated units",
  },
  cpu_usage_percent: { wanted: "a counter cpu_seconds_total, or a ratio of 0 to 1" },
  goroutines: { wanted: "event_loops" },
};
