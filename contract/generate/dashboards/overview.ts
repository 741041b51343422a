import type { Row } from "./frame.ts";
import { lines, number } from "./panels.ts";
import { bucket, metric, perSecond, perSecondLong, quantile, recordedOf, upOf } from "./queries.ts";

/** What an on-call opens first: is it there, who is hurt, and where to look next. */
export const overview: readonly Row[] = [
  {
    title: "Now",
    panels: [
      number(
        { title: "Proxies Up", description: "Proxies that answer Prometheus.", unit: "short" },
        { expr: `sum(${upOf})`, legend: "up" },
      ),
      number(
        { title: "Alerts Firing", description: "Alerts of this instance that fire now.", unit: "short" },
        {
          expr: 'count(ALERTS{namespace="$namespace",service="$service",alertstate="firing"}) or vector(0)',
          legend: "firing",
        },
        { warn: 1, bad: 3 },
      ),
      number(
        { title: "Streams", description: "Open streams over the chosen proxies.", unit: "short" },
        { expr: `sum(${metric("connections_active")})`, legend: "streams" },
      ),
      number(
        { title: "Latency P99", description: "Over the last minutes.", unit: "ms" },
        { expr: quantile(0.99, bucket("message_latency_ms")), legend: "p99" },
        { warn: 100, bad: 500 },
      ),
      number(
        { title: "Failed Requests", description: "Share of requests answered with 5xx.", unit: "percentunit" },
        {
          expr: `sum(${perSecondLong(metric("requests_total", 'class=~"unavailable|server_error"'))}) / (sum(${perSecondLong(metric("requests_total"))}) > 0) or vector(0)`,
          legend: "failed",
        },
        { warn: 0.001, bad: 0.01 },
      ),
      number(
        { title: "Least Error Budget", description: "What is left of the budget that is lowest.", unit: "percentunit" },
        { expr: `min(${recordedOf("revenprox:error_budget_remaining:ratio")})`, legend: "left" },
        { warn: 0.5, bad: 0.1 },
      ),
    ],
  },
  {
    title: "Traffic",
    panels: [
      lines(
        { title: "Streams by Proxy", description: "Open streams.", unit: "short" },
        [{ expr: metric("connections_active"), legend: "{{pod}}" }],
        3,
      ),
      lines(
        { title: "Messages Sent", description: "Messages written to streams each second.", unit: "cps" },
        [{ expr: perSecond(metric("messages_sent_total")), legend: "{{pod}}" }],
        3,
      ),
      lines(
        {
          title: "Requests by Class",
          description: "Requests for streams and publishes by what their client saw.",
          unit: "reqps",
        },
        [{ expr: `sum by (route, class) (${perSecondLong(metric("requests_total"))})`, legend: "{{route}} {{class}}" }],
        3,
      ),
    ],
  },
  {
    title: "Health of the proxies",
    panels: [
      lines(
        {
          title: "Memory",
          description: "Share of the memory limit. Beyond it the kernel kills the proxy.",
          unit: "percentunit",
        },
        [{ expr: `${metric("memory_used_bytes")} / ${metric("memory_limit_bytes")}`, legend: "{{pod}}" }],
        3,
      ),
      lines(
        { title: "CPU", description: "Percent of one core.", unit: "percent" },
        [{ expr: metric("cpu_usage_percent"), legend: "{{pod}}" }],
        3,
      ),
      lines(
        {
          title: "Event Loop Lag",
          description: "99th percentile: everything a proxy does is late by so much.",
          unit: "s",
        },
        [{ expr: metric("event_loop_lag_seconds"), legend: "{{pod}}" }],
        3,
      ),
      lines(
        { title: "Degraded, Breaker Open, Configuration Refused", description: "1 where it is so.", unit: "short" },
        [
          { expr: metric("degraded"), legend: "degraded {{pod}}" },
          { expr: metric("circuit_breaker_state"), legend: "breaker {{pod}}" },
          { expr: metric("config_rejected"), legend: "configuration {{pod}}" },
        ],
        3,
      ),
      lines(
        {
          title: "Peers and Topics",
          description: "Peers that each proxy hears, and topics with a listener on it.",
          unit: "short",
        },
        [
          { expr: metric("peers_connected"), legend: "peers {{pod}}" },
          { expr: metric("topics_active"), legend: "topics {{pod}}" },
        ],
        3,
      ),
      lines(
        { title: "Versions", description: "Proxies by version: two during a roll-out.", unit: "short" },
        [{ expr: `count by (version) (${metric("build_info")})`, legend: "{{version}}" }],
        3,
      ),
      lines(
        { title: "Exchange with Peers", description: "Seconds since each proxy last exchanged state.", unit: "s" },
        [{ expr: metric("sync_lag_seconds"), legend: "{{pod}}" }],
      ),
      lines(
        {
          title: "Clock Offset",
          description: "Of each proxy to the journal; latencies are corrected by it.",
          unit: "s",
          signed: true,
        },
        [{ expr: metric("clock_offset_seconds"), legend: "{{pod}}" }],
      ),
    ],
  },
];
