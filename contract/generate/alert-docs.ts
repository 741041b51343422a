import type { AlertingRule, RecordingRule, RuleGroup } from "../src/alerts/rule.ts";
import { exampleGroups, exampleOperatorGroups } from "./example-rules.ts";
import { page, table } from "./markdown.ts";

const isAlert = (rule: AlertingRule | RecordingRule): rule is AlertingRule => "alert" in rule;

const titles: Readonly<Record<string, string>> = {
  revenprox: "The seed's six",
  "revenprox-proxy": "Proxies and their clients",
  "revenprox-journal": "The journal and NATS",
  "revenprox-slo": "Objectives",
  "revenprox-operator": "The operator itself",
};

const alertTable = (group: RuleGroup): string =>
  table(
    ["Alert", "Severity", "For", "Expression", "Runbook"],
    group.rules
      .filter(isAlert)
      .map((rule) => [
        `\`${rule.alert}\``,
        rule.labels["severity"] ?? "",
        rule.for,
        `\`${rule.expr}\``,
        `[runbook](runbooks/${rule.alert}.md)`,
      ]),
  );

const section = (group: RuleGroup): readonly string[] => {
  const title = titles[group.name];
  return title === undefined ? [] : [`## ${title}`, alertTable(group)];
};

/** `docs/alerts.md`: every alert with its default expression. */
export const alertDocs = (): string =>
  page("contract/src/alerts", "Alerts", [
    "The operator renders these into a PrometheusRule per RevenProx when the monitoring CRDs are installed. The expressions are shown for a RevenProx `quickstart` in namespace `default` with three proxies and nothing set. `critical` wakes somebody, `warning` waits for the working day.",
    "An instance in good order is quiet. `spec.monitoring.thresholds` changes what an expression compares with, `spec.monitoring.alerts` switches one off or changes its severity or its time:",
    "```yaml\nspec:\n  monitoring:\n    thresholds: {memoryPercent: 90}\n    alerts:\n      - {name: RevenProxSlowClients, enabled: false}\n      - {name: RevenProxJournalNearFull, severity: critical, forSec: 300}\n```",
    "Every alert carries `runbook_url`. By default it leads to the operator, which serves these pages itself in the version that is installed (`kubectl port-forward --namespace OPERATOR-NS service/RELEASE-operator-metrics 8080`, then `/runbooks/ALERT`). Where your pages are published, set `operator.runbookBaseUrl` of the chart or `spec.monitoring.runbookBaseUrl`: the alert's name is appended, or replaces `{alert}` (`https://git.example/revenprox/docs/runbooks/{alert}.md`).",
    "One cause can raise several alerts: let Alertmanager group by `namespace` and `service`.",
    ...exampleGroups().flatMap(section),
    ...exampleOperatorGroups().flatMap(section),
    "The operator's own are part of the chart (`metrics.prometheusRule.enabled`). None of them is critical: without the operator the proxies serve on, only changes wait.",
  ]);
