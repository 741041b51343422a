import { metricName, metrics } from "@revenprox/contract/metrics";
import { expect, test } from "vitest";
import { everythingSet, inputOf } from "../testing/resource.ts";
import { instanceOf } from "./instance.ts";
import { prometheusRule } from "./prometheus-rule.ts";

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly runbook_url: string };
}

const rulesOf = (spec: unknown): readonly Rule[] => {
  const { groups } = prometheusRule(instanceOf(inputOf(spec)))["spec"] as { groups: readonly { rules: Rule[] }[] };
  return groups.flatMap((group) => group.rules);
};

const exprOf = (spec: unknown, alert: string): string | undefined =>
  rulesOf(spec).find((rule) => rule.alert === alert)?.expr;

test("every series is a metric of the catalogue, of this instance only", () => {
  const known = new Set(Object.keys(metrics).map((name) => metricName(name as keyof typeof metrics)));
  for (const { alert, expr } of rulesOf({})) {
    const series = [...expr.matchAll(/([a-z_]+)(\{[^}]*\})/g)];
    expect(series.length, alert).toBeGreaterThan(0);
    for (const [, name = "", selector] of series) {
      expect(known, alert).toContain(name);
      expect(selector).toBe('{namespace="apps",service="web"}');
    }
  }
});

test.each([
  [{}, "RevenProxHighConnections", "> 80000"],
  [{ config: { http: { maxConnections: 1_000 } } }, "RevenProxHighConnections", "> 800"],
  [everythingSet, "RevenProxHighConnections", "> 15000"],
  [{}, "RevenProxAuthFailures", "> 100"],
  [everythingSet, "RevenProxAuthFailures", "> 5"],
  [{}, "RevenProxMemoryHigh", "> 0.85"],
  [everythingSet, "RevenProxMemoryHigh", "> 0.7"],
  [{ replicas: 2 }, "RevenProxPeerDisconnected", "< 1"],
  [{ replicas: 3 }, "RevenProxPeerDisconnected", "< 2"],
  [{ replicas: 9 }, "RevenProxPeerDisconnected", "< 2"],
])("threshold of %j %s", (spec, alert, end) => expect(exprOf(spec, alert)?.endsWith(end)).toBe(true));

test.each([0, 1])("with %d replicas there is no peer to miss", (replicas) => {
  expect(exprOf({ replicas }, "RevenProxPeerDisconnected")).toBeUndefined();
  expect(rulesOf({ replicas })).toHaveLength(5);
});

test("the resource's runbooks win over the operator's", () => {
  expect(rulesOf({})[0]?.annotations.runbook_url).toBe("https://runbooks.example/revenprox/RevenProxHighConnections");
  expect(rulesOf(everythingSet)[0]?.annotations.runbook_url).toBe(
    "https://wiki.example/alerts/RevenProxHighConnections",
  );
});

test("without a place for runbooks there is no link", () => {
  const input = inputOf({});
  const instance = instanceOf({ ...input, settings: { ...input.settings, runbookBaseUrl: "" } });
  expect(JSON.stringify(prometheusRule(instance))).not.toContain("runbook_url");
});
