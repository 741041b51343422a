import { type ErrorEntry, errors } from "../src/errors.ts";
import { conventionExceptions } from "../src/metric-conventions.ts";
import { type Metric, type MetricName, metricName, metrics } from "../src/metrics.ts";
import { type OperatorMetricName, operatorMetricName, operatorMetrics } from "../src/operator-metrics.ts";
import { page, table } from "./markdown.ts";

/** `docs/metrics.md`: every metric of a proxy. */
export const metricsDocs = (): string =>
  page("contract/src/metrics.ts", "Metrics of a proxy", [
    "Served in the Prometheus text format at `/metrics` on port 8080 (`http`) and port 9090 (`management`). No label carries a topic, a token, a user or an address, so the number of series does not grow with topics or clients.",
    table(
      ["Metric", "Type", "Labels", "Meaning"],
      (Object.entries(metrics) as [MetricName, Metric][]).map(([name, metric]) => [
        `\`${metricName(name)}\``,
        metric.type,
        (metric.labels ?? []).map((label) => `\`${label}\``).join(", "),
        metric.help,
      ]),
    ),
    "## Names\n\nNames follow Prometheus' naming practice: base units, the unit at the end, `_total` on counters. Where the seed of this project names a metric otherwise, its name stays, so that dashboards and alerts written for it work. `promtool check metrics` objects to nothing else (a test says so). The exceptions:",
    table(
      ["Metric", "Today's practice would be"],
      (Object.entries(conventionExceptions) as [MetricName, { readonly wanted: string }][]).map(
        ([name, { wanted }]) => [`\`${metricName(name)}\``, wanted],
      ),
    ),
    '`message_latency_ms` is corrected by `clock_offset_seconds`, so it may be compared between proxies. Prometheus 3 writes the label `le` of its buckets as `100.0`, older ones as `100`: a query that selects one bucket should match both (`le=~"100([.]0)?"`), as the recording rules do.',
    "## Sizes\n\nThe number of series is the same for one topic and one client as for a hundred thousand. nats-server serves no Prometheus metrics itself, so there is no scrape target for it: what matters of NATS and of the journal the proxies tell (`degraded`, `journal_*`, `holes_filled_total`).",
    `## The operator's own\n\nServed at \`/metrics\` on port 8080 of the operator, beside Node's \`process_*\` and \`nodejs_*\`. The words are controller-runtime's: ${operatorNames()}.`,
  ]);

const operatorNames = (): string =>
  (Object.keys(operatorMetrics) as OperatorMetricName[]).map((name) => `\`${operatorMetricName(name)}\``).join(", ");

/** `docs/errors.md`: every error code of a proxy. */
export const errorDocs = (): string =>
  page("contract/src/errors.ts", "Errors of a proxy", [
    "A refused request is answered with `application/problem+json` (RFC 9457). `code` is one of these and does not change; `title` and `detail` are for people.",
    table(
      ["Code", "Status", "Title", "What to do"],
      (Object.entries(errors) as [string, ErrorEntry][]).map(([code, entry]) => [
        `\`${code}\``,
        String(entry.status),
        entry.title,
        entry.mend,
      ]),
    ),
  ]);
