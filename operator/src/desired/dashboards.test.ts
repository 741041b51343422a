import { knownSeries } from "@revenprox/contract/testing/known-series";
import { seriesNames } from "@revenprox/contract/testing/series-names";
import { expect, test } from "vitest";
import { everythingSet, inputOf, resourceOf } from "../testing/resource.ts";
import { dashboardsConfigMap } from "./dashboards.ts";
import { desired } from "./index.ts";
import { instanceOf } from "./instance.ts";
import { prometheusRule } from "./prometheus-rule.ts";

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string }[];
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly links: readonly { readonly url: string }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly current?: { value: string } }[] };
}

const dataOf = (spec: unknown, name = "web"): Readonly<Record<string, string>> =>
  dashboardsConfigMap(instanceOf({ ...inputOf(spec), revenprox: resourceOf(spec, name) }))["data"] as Record<
    string,
    string
  >;

const dashboardsOf = (spec: unknown, name?: string): readonly Dashboard[] =>
  Object.values(dataOf(spec, name)).map((text) => JSON.parse(text) as Dashboard);

const panelsOf = (spec: unknown): readonly Panel[] =>
  dashboardsOf(spec).flatMap(({ panels }) => panels.filter(({ type }) => type !== "row"));

test("the seed's six panels are there by title, with its queries", () => {
  const exprs = new Map(panelsOf({}).map(({ title, targets }) => [title, targets?.[0]?.expr]));
  const chosen = 'namespace="$namespace",service="$service",pod=~"$pod"';
  expect(Object.fromEntries(exprs)).toMatchObject({
    "Active Connections": `revenprox_connections_active{${chosen}}`,
    "Connection Rate": `rate(revenprox_connections_total{${chosen}}[5m])`,
    "Rejected Connections": `rate(revenprox_connections_rejected{${chosen}}[5m])`,
    "Messages/sec": `rate(revenprox_messages_sent_total{${chosen}}[1m])`,
    "Bytes/sec": `rate(revenprox_bytes_sent_total{${chosen}}[1m])`,
    "Message Latency P99": `histogram_quantile(0.99, sum by (le, pod) (rate(revenprox_message_latency_ms_bucket{${chosen}}[5m])))`,
  });
});

test("windows hold several scrapes, however far apart", () => {
  const text = Object.values(dataOf({ monitoring: { intervalSec: 120 } })).join("");
  expect(text).toContain("[8m]");
  expect(text).not.toMatch(/\[[15]m\]/);
});

test("every query reads only what is scraped or recorded", () => {
  const { groups } = prometheusRule(instanceOf(inputOf({})))["spec"] as {
    groups: readonly { rules: readonly { record: string; expr: string }[] }[];
  };
  const known = new Set([...knownSeries(groups.flatMap(({ rules }) => rules)), "ALERTS"]);
  const exprs = panelsOf({}).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  expect(exprs.length).toBeGreaterThan(50);
  for (const expr of exprs) for (const name of seriesNames(expr)) expect(known, expr).toContain(name);
});

test("every panel says what it shows, and asks the chosen data source", () => {
  for (const { title, description = "", datasource } of panelsOf({})) {
    expect(description.length, title).toBeGreaterThan(5);
    expect(datasource?.uid, title).toBe("$datasource");
  }
});

test("no placeholder is left, and the instance is preselected", () => {
  expect(JSON.stringify(dataOf({}))).not.toMatch(/__[A-Z_]+__/);
  for (const { templating, title } of dashboardsOf({})) {
    expect(templating.list.map(({ name }) => name)).toEqual(["datasource", "namespace", "service", "pod"]);
    expect(templating.list.map(({ current }) => current?.value).slice(1)).toEqual(["apps", "web", "$__all"]);
    expect(title).toMatch(/: apps\/web$/);
  }
});

test("uids are short, stable, each instance's own, and what links lead to", () => {
  const uids = dashboardsOf({}).map(({ uid }) => uid);
  expect(uids).toEqual(dashboardsOf(everythingSet).map(({ uid }) => uid));
  expect(new Set([...uids, ...dashboardsOf({}, "other").map(({ uid }) => uid)]).size).toBe(8);
  for (const uid of uids) expect(uid.length).toBeLessThanOrEqual(40);
  for (const { links } of dashboardsOf({})) {
    expect(links).toHaveLength(3);
    for (const { url } of links) expect(uids).toContain(url.replace("/d/", ""));
  }
});

test("file names are each instance's own, and valid keys", () => {
  const keys = [...Object.keys(dataOf({})), ...Object.keys(dataOf({}, "other"))];
  expect(new Set(keys).size).toBe(8);
  for (const key of keys) expect(key).toMatch(/^[-._a-zA-Z0-9]{1,253}$/);
});

test("they fit into a ConfigMap", () => expect(JSON.stringify(dataOf({})).length).toBeLessThan(256 * 1024));

test("label and annotations are the user's to choose", () => {
  const metadataOf = (spec: unknown) => dashboardsConfigMap(instanceOf(inputOf(spec))).metadata;
  expect(metadataOf({}).labels).toMatchObject({ grafana_dashboard: "1", app: "revenprox" });
  expect(metadataOf(everythingSet)).toMatchObject({
    labels: { dashboards: "yes" },
    annotations: { grafana_folder: "RevenProx" },
  });
  expect(metadataOf(everythingSet).labels).not.toHaveProperty("grafana_dashboard");
});

test.each([
  [{}, true],
  [{ monitoring: { dashboards: { enabled: false } } }, false],
  [{ monitoring: { enabled: false } }, false],
  [{ config: { metricsEnabled: false } }, false],
])("with %j there are dashboards: %s", (spec, expected) => {
  const names = desired(inputOf(spec)).map(({ metadata }) => metadata.name);
  expect(names.includes("web-dashboards")).toBe(expected);
});
