import { type MetricName, metricName } from "./metrics.ts";

/** What the alert expressions of one instance depend on. */
export interface AlertSettings {
  /** PromQL label matchers that select the instance's series, without braces: `namespace="a",service="b"`. */
  readonly selector: string;
  readonly highConnections: number;
  readonly authFailuresPerSecond: number;
  /** 0 to 1. */
  readonly memoryRatio: number;
  /** Proxies the instance has at least; with one there is no peer to miss. */
  readonly minReplicas: number;
}

/** One alert of the seed; `expr` is absent where it makes no sense for the settings. */
export interface Alert {
  readonly name: string;
  readonly severity: "warning" | "critical";
  readonly for: string;
  readonly summary: string;
  readonly description: string;
  readonly expr: (settings: AlertSettings) => string | undefined;
}

/** Highest number of streams a proxy may hold before RevenProxHighConnections, whatever its limit (seed). */
const seedHighConnections = 80_000;

/** Default threshold for a proxy that accepts `maxConnections` streams. */
export const highConnectionsDefault = (maxConnections: number): number =>
  Math.min(seedHighConnections, Math.floor(0.8 * maxConnections));

const series = (name: MetricName, { selector }: AlertSettings): string => `${metricName(name)}{${selector}}`;

/** The seed's six alerts with its names, severities, durations and expressions. */
export const alerts: readonly Alert[] = [
  {
    name: "RevenProxHighConnections",
    severity: "warning",
    for: "5m",
    summary: "High connection count on {{ $labels.instance }}",
    description: "{{ $value }} streams are open on one proxy. Add proxies before it refuses new ones.",
    expr: (s) => `${series("connections_active", s)} > ${s.highConnections}`,
  },
  {
    name: "RevenProxConnectionsRejected",
    severity: "critical",
    for: "2m",
    summary: "Connections being rejected on {{ $labels.instance }}",
    description: "The proxy is at a limit and turns clients away ({{ $value }} a second).",
    expr: (s) => `rate(${series("connections_rejected", s)}[5m]) > 0`,
  },
  {
    name: "RevenProxAuthFailures",
    severity: "warning",
    for: "5m",
    summary: "High authentication failure rate",
    description:
      "{{ $value }} authentications fail each second on {{ $labels.instance }}: a broken client, rotated keys, or somebody guessing.",
    expr: (s) => `rate(${series("auth_failures_total", s)}[5m]) > ${s.authFailuresPerSecond}`,
  },
  {
    name: "RevenProxCircuitBreakerOpen",
    severity: "critical",
    for: "1m",
    summary: "Circuit breaker open - auth webhook failing",
    description: "{{ $labels.instance }} has stopped asking its verifier; only cached verdicts are served.",
    expr: (s) => `${series("circuit_breaker_state", s)} == 1`,
  },
  {
    name: "RevenProxMemoryHigh",
    severity: "warning",
    for: "5m",
    summary: "Memory usage above {{ $value | humanizePercentage }} on {{ $labels.instance }}",
    description: "The proxy nears its memory limit and would be killed beyond it.",
    expr: (s) => `${series("memory_used_bytes", s)} / ${series("memory_limit_bytes", s)} > ${s.memoryRatio}`,
  },
  {
    name: "RevenProxPeerDisconnected",
    severity: "warning",
    for: "2m",
    summary: "Peer proxy disconnected",
    description: "{{ $labels.instance }} hears only {{ $value }} peers.",
    expr: (s) =>
      s.minReplicas < 2 ? undefined : `${series("peers_connected", s)} < ${Math.min(2, s.minReplicas - 1)}`,
  },
];
