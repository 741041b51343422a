import { page, table } from "../markdown.ts";
import { connectionOverview } from "./connection-overview.ts";
import type { Row } from "./frame.ts";
import { messageThroughput } from "./message-throughput.ts";
import { operator } from "./operator.ts";
import { overview } from "./overview.ts";
import { slo } from "./slo.ts";

const panelTable = (rows: readonly Row[]): string =>
  table(
    ["Panel", "Shows"],
    rows
      .flatMap(({ panels }) => panels.map((panel) => panel.build()))
      .map(({ title = "", description = "" }) => [title, description]),
  );

/** Drawn by the story of `e2e/monitoring` from a real Prometheus, when it is asked to. */
const picture = (title: string, id: string): string =>
  `![Panels of the dashboard ${title} under load](pictures/dashboard-${id}.svg)`;

/** `docs/dashboards.md`: what there is, and how Grafana finds it. */
export const dashboardDocs = (): string =>
  page("contract/generate/dashboards", "Dashboards", [
    "For each RevenProx the operator makes a ConfigMap `NAME-dashboards` with four Grafana dashboards, unless `spec.monitoring.enabled` or `spec.monitoring.dashboards.enabled` is false. It carries the label `grafana_dashboard: \"1\"`, by which the sidecar of Grafana's charts finds it; `dashboards.labels` and `dashboards.annotations` (for example `grafana_folder`) change that. The operator's own dashboard is part of the chart: `metrics.dashboard.enabled=true`.",
    "Uids are stable and each instance's own, so a link keeps working after an upgrade. Every dashboard has variables for the data source, the namespace, the instance and its proxies. Dashboards that the sidecar brings are read-only: save a copy to change one.",
    "## The seed's queries, and where ours differ\n\nEvery query also selects the instance. *Active Connections*, *Connection Rate*, *Rejected Connections*, *Messages/sec* and *Bytes/sec* are the seed's otherwise; their windows grow where scrapes are more than 15 seconds apart (a rate needs several of them). *Message Latency P99* is not: the seed takes the quantile over the buckets themselves. These are counters, so that would be the quantile over the whole life of each process, in which an hour of slow deliveries vanishes; and it cannot say what holds over all proxies. The panel takes it over `sum by (le) (rate(...))`.",
    "The pictures show real queries, asked of a real Prometheus that prometheus-operator runs, under load on a RevenProx of two proxies on a busy machine. `REVENPROX_PICTURES=1 npm run test:observability` draws them anew.",
    "## Overview\n\nOpen this first.",
    picture("Overview", "overview"),
    panelTable(overview),
    "## Connection Overview",
    picture("Connection Overview", "connections"),
    panelTable(connectionOverview),
    "## Message Throughput",
    picture("Message Throughput", "messages"),
    panelTable(messageThroughput),
    "## SLO\n\nSee [slo.md](slo.md).",
    picture("SLO", "slo"),
    panelTable(slo),
    "## Operator",
    picture("Operator", "operator"),
    panelTable(operator),
  ]);
