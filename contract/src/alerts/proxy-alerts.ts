import { type Alert, decimal, range, series, up } from "./alert.ts";

/** What the seed has no alert for: the proxies themselves and their clients. */
export const proxyAlerts: readonly Alert[] = [
  {
    name: "RevenProxDown",
    severity: "critical",
    forSec: 300,
    summary: "No proxy of {{ $labels.namespace }}/{{ $labels.service }} answers",
    description:
      "Prometheus reaches none of the proxies: nobody can open a stream or publish, or the scrape is broken.",
    expr: (c) => (c.minReplicas < 1 ? undefined : `absent(${up(c)} == 1)`),
  },
  {
    name: "RevenProxProxyUnreachable",
    severity: "warning",
    forSec: 600,
    summary: "{{ $labels.instance }} cannot be scraped",
    description: "The proxy {{ $labels.pod }} has not answered Prometheus for 10 minutes.",
    expr: (c) => `${up(c)} == 0`,
  },
  {
    name: "RevenProxEventLoopLag",
    severity: "warning",
    forSec: 600,
    summary: "The event loop of {{ $labels.instance }} lags {{ $value | humanizeDuration }} behind",
    description: "The proxy has more to do than one core can: every message of its streams is late by so much.",
    expr: (c) => `${series(c, "event_loop_lag_seconds")} > ${decimal(c.thresholds.eventLoopLagMs / 1_000)}`,
  },
  {
    name: "RevenProxEventLoopsRestarting",
    severity: "warning",
    forSec: 60,
    summary: "Event loops of {{ $labels.instance }} end by themselves",
    description:
      "One of the proxy's event loops ended or stood still and was replaced: its streams were cut, and came back if their clients do.",
    expr: (c) => `rate(${series(c, "loops_restarted_total")}${range(c, 900)}) > 0`,
  },
  {
    name: "RevenProxSlowClients",
    severity: "warning",
    forSec: 900,
    summary: "Slow clients are cut on {{ $labels.instance }}",
    description: "{{ $value }} streams a second close while their client takes no bytes.",
    expr: (c) =>
      `rate(${series(c, "slow_clients_closed_total")}${range(c, 900)}) > ${c.thresholds.slowClientsPerSecond}`,
  },
  {
    name: "RevenProxConfigRefused",
    severity: "warning",
    forSec: 300,
    summary: "{{ $labels.instance }} refuses its changed configuration",
    description: "The configuration before the last change is still in force; the proxy's log lists every fault.",
    expr: (c) => `${series(c, "config_rejected")} == 1`,
  },
  {
    name: "RevenProxMalformedMessages",
    severity: "warning",
    forSec: 900,
    summary: "Malformed messages are skipped on {{ $labels.instance }}",
    description: "{{ $value }} messages a second break the format and reach nobody: a publisher over NATS is wrong.",
    expr: (c) => `rate(${series(c, "malformed_messages_total")}${range(c, 900)}) > 0`,
  },
];
