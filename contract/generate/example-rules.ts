import type { RuleContext } from "../src/alerts/alert.ts";
import { operatorRuleGroups, type RuleSettings, ruleGroups } from "../src/alerts/rule-groups.ts";
import { defaultThresholds } from "../src/alerts/thresholds.ts";
import { defaultObjectives } from "../src/slo/objectives.ts";

const context: RuleContext = {
  namespace: "default",
  service: "quickstart",
  thresholds: defaultThresholds({ maxConnections: 100_000, minReplicas: 3 }),
  minReplicas: 3,
  intervalSec: 15,
  timeFactor: 1,
};

const settings: RuleSettings = {
  context,
  objectives: defaultObjectives,
  overrides: new Map(),
  runbookUrl: () => undefined,
};

/** The rules of a RevenProx `quickstart` in namespace `default` with three proxies and nothing set. */
export const exampleGroups = () => ruleGroups(settings);

/** Put in the place of what only the chart knows; its template replaces them. */
const chartPlaceholders = { namespace: "__NAMESPACE__", service: "__SERVICE__", runbooks: "__RUNBOOKS__" } as const;

/** The rules about the operator as the chart's file holds them. */
export const operatorGroupsForChart = () =>
  operatorRuleGroups({
    ...settings,
    context: { ...context, namespace: chartPlaceholders.namespace, service: chartPlaceholders.service },
    runbookUrl: (alert) => `${chartPlaceholders.runbooks}/${alert}`,
  });

/** The same for a release `revenprox` in namespace `revenprox-system`. */
export const exampleOperatorGroups = () =>
  operatorRuleGroups({
    ...settings,
    context: { ...context, namespace: "revenprox-system", service: "revenprox-operator-metrics" },
  });
