import { expect, test } from "vitest";
import { condition, eventually, revenprox, statusOf, untilTaken } from "./support/cluster.ts";
import { clusterOfFile, operatorOfFile } from "./support/stage.ts";

const group = "monitoring.coreos.com";
const monitors = `/apis/${group}/v1/namespaces/default/servicemonitors/watched`;
const rules = `/apis/${group}/v1/namespaces/default/prometheusrules/watched`;

const crd = (kind: string) => {
  const singular = kind.toLowerCase();
  const openAPIV3Schema = {
    type: "object",
    properties: { spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
  };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${singular}s.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { kind, listKind: `${kind}List`, plural: `${singular}s`, singular },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  };
};

const prometheusSpec = {
  ...crd("Prometheus").spec,
  names: { kind: "Prometheus", listKind: "PrometheusList", plural: "prometheuses", singular: "prometheus" },
};

const cluster = clusterOfFile();
const operator = operatorOfFile(cluster);

const monitoringReady = async () =>
  (await statusOf(cluster, "watched")).conditions?.find(({ type }) => type === "MonitoringReady");

test("the monitoring CRDs may be absent, come, and go again while the operator runs", async () => {
  await cluster.kubectlApply(revenprox("watched"));
  expect((await condition(cluster, "watched", ["MonitoringReady", "False"])).reason).toBe("CRDMissing");

  await cluster.kubectlApply(crd("ServiceMonitor"));
  await eventually("the ServiceMonitor is made", () => cluster.get(monitors));
  await cluster.kubectlApply(crd("PrometheusRule"));
  await eventually("the PrometheusRule is made", () => cluster.get(rules));
  await condition(cluster, "watched", ["MonitoringReady", "True"]);

  await cluster.kubectl("delete", "-n", "default", "servicemonitor", "watched");
  await eventually("a deleted ServiceMonitor is made again", () => cluster.get(monitors));
  await cluster.kubectl(
    "patch",
    "-n",
    "default",
    "servicemonitor",
    "watched",
    "--type=merge",
    "-p",
    '{"spec":{"endpoints":[]}}',
  );
  await eventually("an edited ServiceMonitor is put back", async () => {
    const endpoints = ((await cluster.get(monitors))?.["spec"] as { endpoints?: unknown[] } | undefined)?.endpoints;
    return (endpoints ?? []).length > 0;
  });

  await cluster.kubectl("delete", "crd", `servicemonitors.${group}`, `prometheusrules.${group}`);
  await eventually("the condition says so", async () => (await monitoringReady())?.reason === "CRDMissing");
  expect((await operator.get("/livez")).status).toBe(200);

  await cluster.kubectlApply(crd("ServiceMonitor"));
  await eventually("the ServiceMonitor is back with its CRD", () => cluster.get(monitors));
  expect((await operator.get("/readyz")).status).toBe(200);
});

test("monitoring that is turned off is taken away", async () => {
  await cluster.kubectlApply(crd("PrometheusRule"));
  await eventually("the PrometheusRule is made", () => cluster.get(rules));
  await cluster.kubectlApply(revenprox("watched", { monitoring: { enabled: false } }));
  await eventually(
    "both are gone",
    async () => (await cluster.get(monitors)) === undefined && (await cluster.get(rules)) === undefined,
  );
});

test("labels by which no Prometheus selects are told, and labels by which one does", async () => {
  for (const kind of ["ServiceMonitor", "PrometheusRule"]) await cluster.kubectlApply(crd(kind));
  await cluster.kubectlApply({
    ...crd("Prometheus"),
    metadata: { name: `prometheuses.${group}` },
    spec: prometheusSpec,
  });
  const selector = { matchLabels: { release: "stack" } };
  const selectors = { serviceMonitorSelector: selector, ruleSelector: selector };
  const namespaces = { serviceMonitorNamespaceSelector: {}, ruleNamespaceSelector: {} };
  const object = {
    apiVersion: `${group}/v1`,
    kind: "Prometheus",
    metadata: { name: "stack", namespace: "kube-system" },
  };
  const make = () => cluster.kubectlApply({ ...object, spec: { ...selectors, ...namespaces } });
  await untilTaken("a Prometheus is made", make);
  // What it knows of others it looks at once a minute, and at its start.
  await operator.restart();
  await cluster.kubectlApply(revenprox("watched"));
  const says = (reason: string) =>
    eventually(
      `MonitoringReady says ${reason}`,
      async () => {
        const told = await monitoringReady();
        return told?.reason === reason ? told : undefined;
      },
      60,
    );
  expect((await says("NotSelected")).message).toContain("kube-system/stack selects by");
  await cluster.kubectlApply(revenprox("watched", { monitoring: { labels: { release: "stack" } } }));
  await says("Created");
});
