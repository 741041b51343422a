import { readFile } from "node:fs/promises";
import { instanceAlertNames } from "@revenprox/contract/alerts/catalogue";
import { operatorAlertNames } from "@revenprox/contract/alerts/operator-alerts";
import type { RuleGroup } from "@revenprox/contract/alerts/rule";
import { operatorRuleGroups } from "@revenprox/contract/alerts/rule-groups";
import { defaultThresholds } from "@revenprox/contract/alerts/thresholds";
import { renderDashboard } from "@revenprox/contract/dashboards/render";
import { expect, test } from "vitest";
import { dashboardsConfigMap } from "../src/desired/dashboards.ts";
import { instanceOf } from "../src/desired/instance.ts";
import { prometheusRule } from "../src/desired/prometheus-rule.ts";
import { everythingSet, inputOf } from "../src/testing/resource.ts";
import { type Case, journalCases, operatorCases, proxyCases, seedCases, sloCases, youngCases } from "./rules/cases.ts";
import { checkRules, testRules } from "./rules/promtool.ts";
import { constant, operatorService, proxies } from "./rules/series.ts";

const groupsOf = (spec: unknown, timeFactor = 1): readonly RuleGroup[] =>
  (prometheusRule(instanceOf(inputOf(spec)), timeFactor)["spec"] as { groups: readonly RuleGroup[] }).groups;

const operatorGroups = operatorRuleGroups({
  context: {
    ...operatorService,
    thresholds: defaultThresholds({ maxConnections: 1, minReplicas: 1 }),
    minReplicas: 1,
    intervalSec: 30,
    timeFactor: 1,
  },
  objectives: undefined,
  overrides: new Map(),
  runbookUrl: () => undefined,
});

test.each([
  ["defaults", groupsOf({})],
  ["everything set", groupsOf(everythingSet)],
  ["no replica", groupsOf({ replicas: 0 })],
  ["windows a sixtieth as long", groupsOf({}, 1 / 60)],
  ["the operator's", operatorGroups],
])("promtool finds no fault with the rules of: %s", async (_, groups) => {
  expect(await checkRules(groups)).toMatchObject({ code: 0 });
});

test("promtool understands every query of the dashboards", async () => {
  const { data } = dashboardsConfigMap(instanceOf(inputOf({}))) as unknown as { data: Record<string, string> };
  const chart = await readFile(
    new URL("../../charts/revenprox/files/operator-dashboard.json", import.meta.url),
    "utf8",
  );
  const owner = { uid: "rvp-0", ...operatorService, intervalSec: 30 };
  const texts = [...Object.values(data), renderDashboard(chart, owner)];
  const panels = texts.flatMap(
    (text) => (JSON.parse(text) as { panels: readonly { targets?: readonly { expr: string }[] }[] }).panels,
  );
  const exprs = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  expect(exprs.length).toBeGreaterThan(80);
  const rules = exprs.map((expr, index) => ({ record: `panel:query:${index}`, expr }));
  expect(await checkRules([{ name: "panels", rules }])).toMatchObject({ code: 0 });
});

test("there is a case in which each alert fires", () => {
  const cases = [...seedCases, ...proxyCases, ...journalCases, ...sloCases, ...youngCases, ...operatorCases];
  const fired = new Set(cases.flatMap(({ firing }) => firing).map((name) => name.split("/")[0]));
  expect([...fired].toSorted()).toEqual([...instanceAlertNames, ...operatorAlertNames].toSorted());
});

const passes = async (groups: readonly RuleGroup[], one: Case): Promise<void> => {
  const { code, stdout, stderr } = await testRules(groups, [one]);
  expect(code, `${stdout}${stderr}`).toBe(0);
};

const healthy: Case = { name: "an instance in good order", series: proxies(), at: "70m", firing: [] };

test.each([healthy, ...seedCases, ...proxyCases, ...journalCases, ...sloCases, ...youngCases])("$name", async (one) => {
  await passes(groupsOf(one.intervalSec === undefined ? {} : { monitoring: { intervalSec: one.intervalSec } }), one);
});

test.each(operatorCases)("$name", (one) => passes(operatorGroups, one));

const changed: readonly (readonly [unknown, Case])[] = [
  [
    { monitoring: { thresholds: { highConnections: 900 } } },
    {
      name: "1000 streams where 900 are many",
      series: proxies(),
      at: "6m",
      firing: Array<string>(3).fill("RevenProxHighConnections/warning"),
    },
  ],
  [
    { monitoring: { thresholds: { memoryPercent: 90 } } },
    {
      name: "86 % of the memory where 90 are allowed",
      series: proxies({ revenprox_memory_used_bytes: constant(860_000_000) }),
      at: "6m",
      firing: [],
    },
  ],
  [
    { monitoring: { alerts: [{ name: "RevenProxCircuitBreakerOpen", severity: "warning", forSec: 600 }] } },
    {
      name: "an open breaker that may be so for 10 minutes",
      series: proxies({ revenprox_circuit_breaker_state: constant(1) }),
      at: "11m",
      firing: ["RevenProxCircuitBreakerOpen/warning"],
    },
  ],
  [
    { slo: { latency: { thresholdMs: 250 } } },
    {
      name: "deliveries over 100 ms where 250 are the target",
      series: proxies({ 'revenprox_message_latency_ms_bucket{le="100.0"}': constant(0) }, true),
      at: "69m",
      firing: [],
    },
  ],
];

test.each(changed)("changed thresholds %j", async (spec, one) => passes(groupsOf(spec), one));

test("a case that is wrong is found", async () => {
  const { code } = await testRules(groupsOf({}), [{ ...healthy, firing: ["RevenProxDown/critical"] }]);
  expect(code).toBe(1);
});
