import { type Alert, decimal, range, series } from "./alert.ts";

/** The journal and the NATS that holds it, as the proxies see them: nats-server itself serves no Prometheus metrics. */
export const journalAlerts: readonly Alert[] = [
  {
    name: "RevenProxJournalUnreachable",
    severity: "critical",
    forSec: 120,
    summary: "{{ $labels.instance }} cannot reach the journal",
    description:
      "The proxy is degraded: its streams stay open but get nothing new, and publishes are answered with 503.",
    expr: (c) => `${series(c, "degraded")} == 1`,
  },
  {
    name: "RevenProxJournalStale",
    severity: "warning",
    forSec: 120,
    summary: "{{ $labels.instance }} has not heard of the journal for {{ $value | humanizeDuration }}",
    description: "The connection stands but the journal is silent: no leader, a full disk, or a stream that is gone.",
    expr: (c) => `${series(c, "journal_lag_seconds")} > ${c.thresholds.journalSilenceSec}`,
  },
  {
    name: "RevenProxJournalNearFull",
    severity: "warning",
    forSec: 900,
    summary: "The journal is {{ $value | humanizePercentage }} full",
    description: "At its limit the oldest events go before their age, and clients that come back late are told a gap.",
    expr: (c) =>
      `max by (namespace, service) (${series(c, "journal_bytes")} / (${series(c, "journal_limit_bytes")} > 0)) > ${decimal(c.thresholds.journalPercent / 100)}`,
  },
  {
    name: "RevenProxHolesFilled",
    severity: "warning",
    forSec: 900,
    summary: "Messages get lost on the way to {{ $labels.instance }}",
    description:
      "{{ $value }} messages a second are missing in live delivery and fetched from the journal, so they come late.",
    expr: (c) => `rate(${series(c, "holes_filled_total")}${range(c, 900)}) > ${c.thresholds.holesPerSecond}`,
  },
  {
    name: "RevenProxGapsTold",
    severity: "warning",
    forSec: 900,
    summary: "Clients of {{ $labels.instance }} are told gaps",
    description:
      "{{ $value }} gaps a second: clients miss events that the journal no longer holds or that they were too slow for.",
    expr: (c) => `rate(${series(c, "gaps_told_total")}${range(c, 900)}) > ${c.thresholds.gapsPerSecond}`,
  },
  {
    name: "RevenProxReplaySaturated",
    severity: "warning",
    forSec: 300,
    summary: "Resuming streams wait for the journal on {{ $labels.instance }}",
    description:
      "{{ $value }} reads of the journal have been waiting for others all the time: streams that came back are late.",
    expr: (c) => `min_over_time(${series(c, "replays_waiting")}${range(c, 300)}) > 0`,
  },
];
