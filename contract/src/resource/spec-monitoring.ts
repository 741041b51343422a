import { z } from "zod";
import { alerts } from "../alerts/catalogue.ts";
import { stringMap, withRules } from "./structural.ts";

const alertNames = alerts.map(({ name }) => name) as [string, ...string[]];

const perSecond = (alert: string, what: string, fallback: number) =>
  z
    .number()
    .min(0)
    .max(1_000_000)
    .optional()
    .describe(`${what} a second on one proxy above which ${alert} fires. Default: ${fallback}.`);

const thresholds = z.strictObject({
  highConnections: z
    .int()
    .min(1)
    .optional()
    .describe(
      "Streams on one proxy above which RevenProxHighConnections fires. Default: the lower of 80000 and 80 % of maxConnections.",
    ),
  rejectedPerSecond: perSecond("RevenProxConnectionsRejected", "Rejected connections", 0),
  authFailuresPerSecond: z
    .int()
    .min(1)
    .optional()
    .describe("Authentication failures a second above which RevenProxAuthFailures fires. Default: 100."),
  memoryPercent: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe("Share of the memory limit in percent above which RevenProxMemoryHigh fires. Default: 85."),
  minPeers: z
    .int()
    .min(1)
    .max(999)
    .optional()
    .describe(
      "Peers below which RevenProxPeerDisconnected fires. Default: 2, or one less than the least number of proxies where that is lower.",
    ),
  eventLoopLagMs: z
    .int()
    .min(1)
    .max(60_000)
    .optional()
    .describe("Milliseconds of delay above which RevenProxEventLoopLag fires. Default: 250."),
  slowClientsPerSecond: perSecond("RevenProxSlowClients", "Streams cut because their client took no bytes", 1),
  gapsPerSecond: perSecond("RevenProxGapsTold", "Gaps told to clients", 1),
  holesPerSecond: perSecond("RevenProxHolesFilled", "Messages fetched because they were lost on the way", 10),
  journalPercent: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe("Share of the journal's bytes in percent above which RevenProxJournalNearFull fires. Default: 90."),
  journalSilenceSec: z
    .int()
    .min(10)
    .max(3_600)
    .optional()
    .describe("Seconds without a sign of the journal above which RevenProxJournalStale fires. Default: 60."),
});

const alertOverride = z.strictObject({
  name: z.enum(alertNames).describe("Name of the alert."),
  enabled: z.boolean().optional().describe("Whether there is such an alert. Default: true."),
  severity: z.enum(["warning", "critical"]).optional().describe("Its label severity. Default: see docs/alerts.md."),
  forSec: z
    .int()
    .min(0)
    .max(86_400)
    .optional()
    .describe("Seconds its condition must hold before it fires. Default: see docs/alerts.md."),
});

const dashboards = z.strictObject({
  enabled: z.boolean().optional().describe("Whether there is a ConfigMap with Grafana dashboards. Default: true."),
  labels: stringMap
    .optional()
    .describe('Labels by which Grafana\'s sidecar finds the ConfigMap. Default: grafana_dashboard: "1".'),
  annotations: stringMap
    .optional()
    .describe("Annotations of the ConfigMap, for example grafana_folder, by which the sidecar chooses a folder."),
});

/** `spec.monitoring`: what Prometheus and Grafana are told of an instance. */
export const monitoring = withRules(
  z.strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe(
        "Whether a ServiceMonitor and a PrometheusRule are made where their CRDs exist, and a ConfigMap with dashboards.",
      ),
    labels: stringMap
      .optional()
      .describe(
        "Labels that your Prometheus selects ServiceMonitors and PrometheusRules by, for example release: kube-prometheus-stack.",
      ),
    intervalSec: z.int().min(5).max(300).default(15).describe("Seconds between two scrapes."),
    scrapeTimeoutSec: z
      .int()
      .min(1)
      .max(300)
      .optional()
      .describe("Seconds a scrape may take; at most intervalSec. Default: 10, or intervalSec where that is lower."),
    runbookBaseUrl: z
      .string()
      .max(512)
      .regex(/^https?:\/\/\S+$/, "must be an http or https URL")
      .optional()
      .describe(
        "Where the runbook pages are served: the alert's name is appended, or put in place of {alert}. Default: the operator's own pages.",
      ),
    thresholds: thresholds.optional().describe("Thresholds of the alerts."),
    alerts: z
      .array(alertOverride)
      .max(alertNames.length)
      .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] })
      .optional()
      .describe("Changes to single alerts. Those about objectives are changed in spec.slo."),
    dashboards: dashboards.optional().describe("Grafana dashboards of this instance."),
  }),
  [
    {
      rule: "!has(self.scrapeTimeoutSec) || self.scrapeTimeoutSec <= (has(self.intervalSec) ? self.intervalSec : 15)",
      message: "monitoring.scrapeTimeoutSec must be at most intervalSec (default 15)",
    },
  ],
);
