import { instanceAlertNames } from "@revenprox/contract/alerts/catalogue";
import type { AlertingRule, RecordingRule, RuleGroup } from "@revenprox/contract/alerts/rule";
import { knownSeries } from "@revenprox/contract/testing/known-series";
import { seriesNames } from "@revenprox/contract/testing/series-names";
import { expect, test } from "vitest";
import { everythingSet, inputOf } from "../testing/resource.ts";
import { instanceOf } from "./instance.ts";
import { prometheusRule } from "./prometheus-rule.ts";

const groupsOf = (spec: unknown, timeFactor?: number): readonly RuleGroup[] =>
  (prometheusRule(instanceOf(inputOf(spec)), timeFactor)["spec"] as { groups: readonly RuleGroup[] }).groups;

const rulesOf = (spec: unknown, timeFactor?: number): readonly (AlertingRule | RecordingRule)[] =>
  groupsOf(spec, timeFactor).flatMap(({ rules }) => rules);

const alertsOf = (spec: unknown, timeFactor?: number): readonly AlertingRule[] =>
  rulesOf(spec, timeFactor).filter((rule) => "alert" in rule);

const alertOf = (spec: unknown, name: string): AlertingRule | undefined =>
  alertsOf(spec).find(({ alert }) => alert === name);

test("every series is known, and of this instance only", () => {
  const rules = rulesOf({});
  const known = knownSeries(rules);
  for (const { expr } of rules) {
    for (const name of seriesNames(expr)) expect(known, expr).toContain(name);
    for (const [braces] of expr.matchAll(/\{[^}]*\}/g)) expect(braces).toContain('namespace="apps",service="web"');
  }
});

test("every recorded series is read by an alert, another rule, or a dashboard", () => {
  const rules = rulesOf({});
  const readBy = new Set([...rules.flatMap(({ expr }) => seriesNames(expr)), "revenprox:error_budget_remaining:ratio"]);
  for (const rule of rules) if ("record" in rule) expect(readBy).toContain(rule.record);
});

test("all alerts are there, each with its runbook", () => {
  const rules = alertsOf({});
  expect([...new Set(rules.map(({ alert }) => alert))].toSorted()).toEqual(instanceAlertNames.toSorted());
  for (const { alert, annotations } of rules) {
    expect(annotations["runbook_url"]).toBe(`https://runbooks.example/revenprox/${alert}`);
  }
});

test.each([
  [{}, "RevenProxHighConnections", "> 80000"],
  [{ config: { http: { maxConnections: 1_000 } } }, "RevenProxHighConnections", "> 800"],
  [everythingSet, "RevenProxHighConnections", "> 15000"],
  [{}, "RevenProxConnectionsRejected", "> 0"],
  [everythingSet, "RevenProxConnectionsRejected", "> 0.5"],
  [{}, "RevenProxAuthFailures", "> 100"],
  [everythingSet, "RevenProxAuthFailures", "> 5"],
  [{}, "RevenProxMemoryHigh", "> 0.85"],
  [everythingSet, "RevenProxMemoryHigh", "> 0.7"],
  [{ replicas: 2 }, "RevenProxPeerDisconnected", "< 1"],
  [{ replicas: 3 }, "RevenProxPeerDisconnected", "< 2"],
  [{ replicas: 9 }, "RevenProxPeerDisconnected", "< 2"],
  [everythingSet, "RevenProxPeerDisconnected", "< 5"],
  [everythingSet, "RevenProxEventLoopLag", "> 0.1"],
  [everythingSet, "RevenProxSlowClients", "> 2"],
  [everythingSet, "RevenProxGapsTold", "> 3"],
  [everythingSet, "RevenProxHolesFilled", "> 4"],
  [everythingSet, "RevenProxJournalNearFull", "> 0.8"],
  [everythingSet, "RevenProxJournalStale", "> 30"],
])("threshold of %j %s", (spec, name, end) => expect(alertOf(spec, name)?.expr.endsWith(end)).toBe(true));

test.each([
  [0, ["RevenProxDown", "RevenProxPeerDisconnected"]],
  [1, ["RevenProxPeerDisconnected"]],
])("with %d replicas there are not %j", (replicas, missing) => {
  const names = new Set(alertsOf({ replicas }).map(({ alert }) => alert));
  expect(instanceAlertNames.filter((name) => !names.has(name)).toSorted()).toEqual(missing);
});

test("one alert can be switched off, and another made louder and faster", () => {
  expect(alertOf(everythingSet, "RevenProxMalformedMessages")).toBeUndefined();
  expect(alertOf(everythingSet, "RevenProxJournalNearFull")).toMatchObject({
    labels: { severity: "critical" },
    for: "1m",
  });
});

test("the resource's runbooks win over the operator's", () => {
  const url = alertOf(everythingSet, "RevenProxHighConnections")?.annotations["runbook_url"];
  expect(url).toBe("https://wiki.example/alerts/RevenProxHighConnections");
});

test("without a place for runbooks there is no link", () => {
  const input = inputOf({});
  const instance = instanceOf({ ...input, settings: { ...input.settings, runbookBaseUrl: "" } });
  expect(JSON.stringify(prometheusRule(instance))).not.toContain("runbook_url");
});

test("objectives become the limits of the burn-rate alerts", () => {
  const limits = (spec: unknown): readonly string[] =>
    alertsOf(spec)
      .filter(({ labels }) => labels["sli"] !== undefined && labels["long"] === "1h")
      .map(({ expr }) => /ratio_1h\{[^}]*\} \* \([^)]*\) [^>]*> (\S+)\)/.exec(expr)?.[1] ?? "");
  expect(limits({})).toEqual(["0.0144", "0.144", "0.0144"]);
  expect(limits(everythingSet)).toEqual(["0.0072", "0.72", "0.144"]);
});

test("each objective has two pairs that page and two that make a ticket", () => {
  const severities = Map.groupBy(
    alertsOf({}).filter(({ labels }) => labels["sli"] !== undefined),
    ({ alert }) => alert,
  );
  expect(severities.size).toBe(3);
  for (const rules of severities.values()) {
    expect(rules.map(({ labels }) => labels["severity"])).toEqual(["critical", "critical", "warning", "warning"]);
    expect(rules.map((rule) => rule.for)).toEqual(["2m", "15m", "1h", "3h"]);
  }
});

test("without objectives there are neither recording rules nor burn-rate alerts", () => {
  expect(groupsOf({ slo: { enabled: false } }).map(({ name }) => name)).toEqual([
    "revenprox",
    "revenprox-proxy",
    "revenprox-journal",
  ]);
});

test("rates reach over several scrapes, however far apart", () => {
  const total = (spec: unknown) => rulesOf(spec).find(({ expr }) => expr.includes("rate(revenprox_requests"))?.expr;
  expect(total({})).toContain("[1m]");
  expect(total({ monitoring: { intervalSec: 60 } })).toContain("[4m]");
});

test("a time factor scales windows, for and intervals, nothing else", () => {
  const [plain, scaled] = [groupsOf({}), groupsOf({}, 0.1)];
  const [page] = scaled.flatMap(({ rules }) => rules).filter((rule) => "alert" in rule && rule.labels["long"] === "1h");
  expect(page).toMatchObject({ for: "12s", labels: { long: "1h", short: "5m" } });
  expect(page?.expr).toContain("[6m]");
  expect(scaled.find(({ name }) => name === "revenprox-sli")?.interval).toBe("3s");
  const still = (groups: readonly RuleGroup[]): unknown =>
    JSON.parse(JSON.stringify(groups).replaceAll(/\[\d+m?[smhd]\]|offset \d+m?[smhd]|"\d+m?[smhd]"|>= [\d.e-]+/g, "0"));
  expect(still(scaled)).toEqual(still(plain));
});
