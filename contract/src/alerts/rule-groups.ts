import { burnAlerts } from "../slo/burn-alerts.ts";
import type { Objectives } from "../slo/objectives.ts";
import { recordingSec, sloRecordingRules } from "../slo/recording-rules.ts";
import type { Alert, RuleContext, Severity } from "./alert.ts";
import { duration } from "./duration.ts";
import { journalAlerts } from "./journal-alerts.ts";
import { operatorAlerts } from "./operator-alerts.ts";
import { proxyAlerts } from "./proxy-alerts.ts";
import type { AlertingRule, RuleGroup } from "./rule.ts";
import { seedAlerts } from "./seed-alerts.ts";

/** What a user changed about one alert. */
export interface AlertOverride {
  readonly enabled?: boolean | undefined;
  readonly severity?: Severity | undefined;
  readonly forSec?: number | undefined;
}

/** Everything that the rules of an instance are made from. */
export interface RuleSettings {
  readonly context: RuleContext;
  /** Undefined: no objectives, so neither recording rules nor burn-rate alerts. */
  readonly objectives: Objectives | undefined;
  /** By name of the alert. */
  readonly overrides: ReadonlyMap<string, AlertOverride>;
  /** Address of an alert's runbook page; undefined: none is served. */
  readonly runbookUrl: (alert: string) => string | undefined;
}

/** The rule of one alert; nothing where it is switched off or makes no sense for the instance. */
const alertingRule = (alert: Alert, settings: RuleSettings): readonly AlertingRule[] => {
  const { context, overrides, runbookUrl } = settings;
  const { enabled = true, severity = alert.severity, forSec = alert.forSec } = overrides.get(alert.name) ?? {};
  const expr = enabled ? alert.expr(context) : undefined;
  if (expr === undefined) return [];
  const runbook = runbookUrl(alert.name);
  return [
    {
      alert: alert.name,
      expr,
      for: duration(forSec * context.timeFactor),
      labels: { severity, ...alert.labels },
      annotations: {
        summary: alert.summary,
        description: alert.description,
        ...(runbook === undefined ? {} : { runbook_url: runbook }),
      },
    },
  ];
};

const sloGroups = (settings: RuleSettings): readonly RuleGroup[] => {
  const { context, objectives } = settings;
  if (objectives === undefined) return [];
  const interval = duration(recordingSec(context));
  return [
    { name: "revenprox-sli", interval, rules: sloRecordingRules(context, objectives) },
    { name: "revenprox-slo", rules: burnAlerts(objectives).flatMap((alert) => alertingRule(alert, settings)) },
  ];
};

const group = (name: string, members: readonly Alert[], settings: RuleSettings): RuleGroup => ({
  name,
  rules: members.flatMap((alert) => alertingRule(alert, settings)),
});

/** The rules about the operator itself; objectives have no part in them. */
export const operatorRuleGroups = (settings: RuleSettings): readonly RuleGroup[] => [
  group("revenprox-operator", operatorAlerts, settings),
];

/** All rule groups of an instance; groups without a rule are left out. Pure: the same settings give the same text. */
export const ruleGroups = (settings: RuleSettings): readonly RuleGroup[] =>
  [
    group("revenprox", seedAlerts, settings),
    group("revenprox-proxy", proxyAlerts, settings),
    group("revenprox-journal", journalAlerts, settings),
    ...sloGroups(settings),
  ].filter(({ rules }) => rules.length > 0);

/** Overrides by alert, from the list that a resource holds. */
export const overridesOf = (
  list: readonly (AlertOverride & { readonly name: string })[] = [],
): ReadonlyMap<string, AlertOverride> => new Map(list.map(({ name, ...override }) => [name, override]));
