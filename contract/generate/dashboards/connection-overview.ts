import type { Row } from "./frame.ts";
import { lines } from "./panels.ts";
import { bucket, metric, perSecondLong, quantile } from "./queries.ts";

/** The seed's dashboard "Connection Overview": its three panels first. */
export const connectionOverview: readonly Row[] = [
  {
    title: "Connections",
    panels: [
      lines(
        {
          title: "Active Connections",
          description: "Open streams of each proxy, and what it accepts at most.",
          unit: "short",
        },
        [
          { expr: metric("connections_active"), legend: "{{pod}}" },
          { expr: `min(${metric("connections_limit")})`, legend: "limit of a proxy" },
        ],
      ),
      lines(
        {
          title: "Connection Rate",
          description:
            "Streams opened each second. A jump is often a client in a loop, or many that come back at once.",
          unit: "cps",
        },
        [{ expr: perSecondLong(metric("connections_total")), legend: "{{pod}}" }],
      ),
      lines(
        {
          title: "Rejected Connections",
          description:
            "Streams turned away each second because of a limit on connections, memory or open files. Should be 0.",
          unit: "cps",
        },
        [{ expr: perSecondLong(metric("connections_rejected")), legend: "{{pod}}" }],
      ),
      lines(
        {
          title: "Refusals by Reason",
          description: "Requests answered with an error each second, over the chosen proxies.",
          unit: "reqps",
        },
        [{ expr: `sum by (reason) (${perSecondLong(metric("refusals_total"))})`, legend: "{{reason}}" }],
      ),
    ],
  },
  {
    title: "Streams",
    panels: [
      lines(
        {
          title: "Resumes by Result",
          description: "Streams that came back with a last event id each second: continued, or told a gap and why.",
          unit: "cps",
        },
        [{ expr: `sum by (result) (${perSecondLong(metric("resumes_total"))})`, legend: "{{result}}" }],
      ),
      lines(
        {
          title: "Connection Lifetime",
          description: "Median and 90th percentile of the life of streams that closed.",
          unit: "s",
        },
        [
          { expr: quantile(0.5, bucket("connection_duration_seconds")), legend: "p50" },
          { expr: quantile(0.9, bucket("connection_duration_seconds")), legend: "p90" },
        ],
      ),
      lines(
        {
          title: "Slow Clients",
          description: "Streams whose socket takes nothing now, and those that were cut or left that way each second.",
          unit: "short",
        },
        [
          { expr: `sum(${metric("streams_blocked")})`, legend: "blocked now" },
          { expr: `sum(${perSecondLong(metric("slow_clients_closed_total"))})`, legend: "closed a second" },
        ],
      ),
      lines(
        {
          title: "Authentication",
          description: "Requests, failures, and answers from the cache each second.",
          unit: "cps",
        },
        [
          { expr: `sum(${perSecondLong(metric("auth_requests_total"))})`, legend: "requests" },
          { expr: `sum(${perSecondLong(metric("auth_failures_total"))})`, legend: "failures" },
          { expr: `sum(${perSecondLong(metric("auth_cache_hits"))})`, legend: "cache hits" },
          { expr: `sum(${perSecondLong(metric("auth_cache_misses"))})`, legend: "cache misses" },
        ],
      ),
      lines(
        {
          title: "Verifier",
          description: "Time of a call of the webhook or key set, and the circuit breaker (1 = open).",
          unit: "s",
        },
        [
          { expr: quantile(0.99, bucket("verifier_duration_seconds")), legend: "p99" },
          { expr: `max(${metric("circuit_breaker_state")})`, legend: "breaker" },
        ],
      ),
      lines(
        {
          title: "Open Files",
          description: "File descriptors in use by each proxy.",
          unit: "short",
        },
        [{ expr: metric("fd_used"), legend: "{{pod}}" }],
      ),
    ],
  },
];
