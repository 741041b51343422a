import { type AlertSettings, alerts } from "../src/alerts.ts";
import { type ErrorEntry, errors } from "../src/errors.ts";
import { type Metric, type MetricName, metricName, metrics } from "../src/metrics.ts";
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
  ]);

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

const example: AlertSettings = {
  selector: 'namespace="default",service="quickstart"',
  highConnections: 80_000,
  authFailuresPerSecond: 100,
  memoryRatio: 0.85,
  minReplicas: 3,
};

/** `docs/alerts.md`: every alert with its default expression. */
export const alertDocs = (): string =>
  page("contract/src/alerts.ts", "Alerts", [
    "The operator renders these into a PrometheusRule per RevenProx when the monitoring CRDs are installed. The expressions are shown for a RevenProx `quickstart` in namespace `default` with three proxies and default thresholds; `spec.monitoring.thresholds` changes them.",
    table(
      ["Alert", "Severity", "For", "Expression", "Runbook"],
      alerts.map((alert) => [
        `\`${alert.name}\``,
        alert.severity,
        alert.for,
        `\`${alert.expr(example) ?? ""}\``,
        `[runbook](runbooks/${alert.name}.md)`,
      ]),
    ),
  ]);
