import { instanceAlertNames } from "@revenprox/contract/alerts/catalogue";
import { type MetricName, metricName, metrics } from "@revenprox/contract/metrics";
import { ports } from "@revenprox/contract/ports";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../environment/eventually.ts";
import { type Instance, instanceOf } from "../environment/instance.ts";
import { monitoringCrds } from "../environment/monitoring-crds.ts";
import type { Platform } from "../environment/platform.ts";
import { attachedPlatform } from "./attached-platform.ts";

let platform: Platform;
let rvp: Instance;
let crds: string;

interface Rule {
  readonly spec: {
    readonly groups: readonly {
      readonly rules: readonly { alert: string; expr: string; annotations: Record<string, string> }[];
    }[];
  };
}

beforeAll(async () => {
  platform = await attachedPlatform();
  crds = await monitoringCrds();
  rvp = instanceOf(platform, "monitoring", "watched");
  await platform.kubectl(["create", "namespace", rvp.namespace]);
  const spec = { replicas: 3, monitoring: { labels: { release: "stack" } } };
  const resource = { apiVersion: "revenprox.io/v1alpha1", kind: "RevenProx", metadata: { name: rvp.name }, spec };
  await rvp.kubectl(["create", "--filename", "-"], JSON.stringify(resource));
});

afterAll(async () => {
  await platform.kubectl(["delete", "namespace", rvp.namespace, "--wait=false"]);
  await platform.kubectl(["delete", "--ignore-not-found", "--filename", "-"], crds);
});

test("without the monitoring CRDs the condition says so, and the rest works", async () => {
  const missing = await rvp.waitFor("MonitoringReady", "False", "CRDMissing");
  expect(missing.message).not.toBe("");
  await rvp.waitFor("Ready", "True");
});

test("CRDs added later are picked up without a restart", async () => {
  await platform.kubectl(["apply", "--server-side", "--filename", "-"], crds);
  await rvp.waitFor("MonitoringReady", "True");
  const monitor = await rvp.get<{
    metadata: { labels: Record<string, string> };
    spec: { selector: { matchLabels: Record<string, string> }; endpoints: { port: string; path: string }[] };
  }>("servicemonitor");
  expect(monitor.metadata.labels).toMatchObject({ release: "stack" });
  expect(monitor.spec.selector.matchLabels).toMatchObject({ app: "revenprox" });
  expect(monitor.spec.endpoints[0]).toMatchObject({ port: ports.http.name, path: "/metrics" });
  const rule = await rvp.get<Rule>("prometheusrule");
  const named = rule.spec.groups.flatMap(({ rules }) => rules).map(({ alert }) => alert);
  expect([...new Set(named.filter(Boolean))].sort()).toEqual([...instanceAlertNames].sort());
});

test("the ServiceMonitor selects exactly one Service, whose port is named http", async () => {
  const list = await rvp.kubectl(["get", "services", "--selector", "app=revenprox", "--output", "json"]);
  const { items } = JSON.parse(list) as { items: { spec: { ports: { name: string }[] } }[] };
  expect(items.flatMap(({ spec }) => spec.ports.map(({ name }) => name))).toEqual([ports.http.name]);
});

test("a deleted ServiceMonitor is made again", async () => {
  await rvp.kubectl(["delete", "servicemonitor", rvp.name]);
  await eventually("the ServiceMonitor", () => rvp.get("servicemonitor"));
});

test("every pod serves every metric of the catalogue, and hears its peers", async () => {
  for (const { name } of await rvp.readyPods(3)) {
    const pod = await rvp.reach(name);
    const peers = await eventually("two peers", async () => {
      const text = await (await fetch(`${pod.origin}/metrics`)).text();
      for (const metric of Object.keys(metrics) as MetricName[])
        expect(text).toContain(`# TYPE ${metricName(metric)} `);
      return /^revenprox_peers_connected 2$/m.test(text) || undefined;
    });
    expect(peers).toBe(true);
    await pod.close();
  }
});
