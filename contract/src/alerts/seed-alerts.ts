import { type Alert, decimal, range, series } from "./alert.ts";

/** The seed's six alerts with its names, severities, durations and expressions. */
export const seedAlerts: readonly Alert[] = [
  {
    name: "RevenProxHighConnections",
    severity: "warning",
    forSec: 300,
    summary: "High connection count on {{ $labels.instance }}",
    description: "{{ $value }} streams are open on one proxy. Add proxies before it refuses new ones.",
    expr: (c) => `${series(c, "connections_active")} > ${c.thresholds.highConnections}`,
  },
  {
    name: "RevenProxConnectionsRejected",
    severity: "critical",
    forSec: 120,
    summary: "Connections being rejected on {{ $labels.instance }}",
    description: "The proxy is at a limit and turns clients away ({{ $value }} a second).",
    expr: (c) => `rate(${series(c, "connections_rejected")}${range(c, 300)}) > ${c.thresholds.rejectedPerSecond}`,
  },
  {
    name: "RevenProxAuthFailures",
    severity: "warning",
    forSec: 300,
    summary: "High authentication failure rate",
    description:
      "{{ $value }} authentications fail each second on {{ $labels.instance }}: a broken client, rotated keys, or somebody guessing.",
    expr: (c) => `rate(${series(c, "auth_failures_total")}${range(c, 300)}) > ${c.thresholds.authFailuresPerSecond}`,
  },
  {
    name: "RevenProxCircuitBreakerOpen",
    severity: "critical",
    forSec: 60,
    summary: "Circuit breaker open - auth webhook failing",
    description: "{{ $labels.instance }} has stopped asking its verifier; only cached verdicts are served.",
    expr: (c) => `${series(c, "circuit_breaker_state")} == 1`,
  },
  {
    name: "RevenProxMemoryHigh",
    severity: "warning",
    forSec: 300,
    summary: "Memory usage above {{ $value | humanizePercentage }} on {{ $labels.instance }}",
    description: "The proxy nears its memory limit and would be killed beyond it.",
    expr: (c) =>
      `${series(c, "memory_used_bytes")} / ${series(c, "memory_limit_bytes")} > ${decimal(c.thresholds.memoryPercent / 100)}`,
  },
  {
    name: "RevenProxPeerDisconnected",
    severity: "warning",
    forSec: 120,
    summary: "Peer proxy disconnected",
    description: "{{ $labels.instance }} hears only {{ $value }} peers.",
    expr: (c) => (c.minReplicas < 2 ? undefined : `${series(c, "peers_connected")} < ${c.thresholds.minPeers}`),
  },
];
