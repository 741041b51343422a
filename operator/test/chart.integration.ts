import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { helm } from "@revenprox/cluster";
import { operatorAlertNames } from "@revenprox/contract/alerts/operator-alerts";
import type { RuleGroup } from "@revenprox/contract/alerts/rule";
import { revenproxApi } from "@revenprox/contract/resource/group";
import { revenproxSpec } from "@revenprox/contract/resource/spec";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { KubernetesObject } from "../src/reconcile/ports.ts";
import { readSettings } from "../src/settings.ts";
import { checkRules } from "./rules/promtool.ts";
import { chart, only, render as renderWith, rulesOf } from "./support/chart.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);
const render = (...args: readonly string[]) => renderWith(args);

const verbsFor = (object: KubernetesObject, resource: string): readonly string[] =>
  rulesOf(object).find(({ resources }) => resources.includes(resource))?.verbs ?? [];

const clusterWide = /^(ClusterRole|ClusterRoleBinding|CustomResourceDefinition)$/;

test("helm lint has no complaint", async () => {
  const { stdout } = await run(await helm(), ["lint", "--strict", chart]);
  expect(stdout).toContain("0 chart(s) failed");
});

test("the operator understands the environment that it is given", async () => {
  const deployment = only(
    await render(
      "--set",
      "watchNamespaces={a,b}",
      "--set-string",
      "proxyImage.repository=localhost/p,proxyImage.tag=t1",
    ),
    "Deployment",
  );
  const { template } = deployment["spec"] as {
    readonly template: { spec: { containers: readonly { env: readonly { name: string; value?: string }[] }[] } };
  };
  const env = template.spec.containers[0]?.env ?? [];
  const settings = readSettings(Object.fromEntries(env.map(({ name, value }) => [name, value])));
  expect(settings).toMatchObject({ namespaces: ["a", "b"], logLevel: "info", maxConcurrent: 8 });
  expect(settings.election).toEqual({
    lease: { namespace: "system", name: "revenprox-operator" },
    times: { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 },
  });
  expect(settings.operator).toMatchObject({ proxyImage: "localhost/p:t1", natsImage: "revenprox/nats-server:2.15.2" });
});

describe("the CRD", () => {
  test("is the generated one", async () => {
    const generated = parse(await readFile(`${root}/crds/revenprox.yaml`, "utf8")) as KubernetesObject;
    expect(only(await render(), "CustomResourceDefinition")["spec"]).toEqual(generated["spec"]);
  });

  test.each([
    ["by default", [], "keep"],
    ["on request", ["--set", "crds.keep=false"], undefined],
  ])("is kept %s", async (_, args, policy) => {
    const { metadata } = only(await render(...args), "CustomResourceDefinition");
    expect(metadata.annotations?.["helm.sh/resource-policy"]).toBe(policy);
  });

  test("can be left out", async () => {
    const kinds = (await render("--set", "crds.enabled=false")).map(({ kind }) => kind);
    expect(kinds).not.toContain("CustomResourceDefinition");
  });
});

test("there is no webhook, and so no certificate that runs out", async () => {
  const everything = await render("--set", "metrics.prometheusRule.enabled=true,metrics.dashboard.enabled=true");
  const kinds = everything.map(({ kind }) => kind);
  expect(kinds.filter((kind) => /Webhook|Certificate|Issuer|APIService/.test(kind))).toEqual([]);
  const crd = only(everything, "CustomResourceDefinition")["spec"] as { readonly conversion?: unknown };
  expect(crd.conversion).toBeUndefined();
});

describe("rights", () => {
  test("Secrets can be neither listed, watched nor deleted", async () => {
    const role = (await render()).find(
      ({ kind, metadata }) => kind === "ClusterRole" && metadata.name === "revenprox-operator",
    );
    expect(role && verbsFor(role, "secrets")).toEqual(["get", "create", "update"]);
    expect(role && verbsFor(role, "revenproxes")).toEqual(["list", "watch"]);
    expect(role && rulesOf(role).flatMap(({ resources, verbs }) => [...resources, ...verbs])).not.toContain("*");
  });

  test("with namespaces there is nothing cluster-wide", async () => {
    const objects = await render("--set", "watchNamespaces={a,b},crds.enabled=false");
    expect(objects.filter(({ kind }) => clusterWide.test(kind))).toEqual([]);
    const isTest = ({ metadata }: KubernetesObject) => metadata.annotations?.["helm.sh/hook"] === "test";
    const bindings = objects.filter((object) => object.kind === "RoleBinding" && !isTest(object));
    const bound = bindings.map(({ metadata }) => metadata.namespace);
    expect(bound.toSorted()).toEqual(["a", "b", "system"]);
  });

  test("editors may not create a RevenProx unless asked for", async () => {
    const names = async (...args: readonly string[]) =>
      (await render(...args)).filter(({ kind }) => kind === "ClusterRole").map(({ metadata }) => metadata.name);
    expect(await names()).not.toContain("revenprox-operator-edit");
    expect(await names("--set", "rbac.aggregate.edit=true")).toContain("revenprox-operator-edit");
  });
});

describe("more than one pod", () => {
  test("is the default: they prefer different nodes, and drains take one at a time", async () => {
    const objects = await render();
    const { replicas, strategy, template } = only(objects, "Deployment")["spec"] as {
      readonly replicas: number;
      readonly strategy: unknown;
      readonly template: { readonly spec: { readonly affinity: object } };
    };
    expect(replicas).toBe(2);
    expect(strategy).toEqual({ type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } });
    expect(Object.keys(template.spec.affinity)).toEqual(["podAntiAffinity"]);
    expect(only(objects, "PodDisruptionBudget")["spec"]).toMatchObject({ maxUnavailable: 1 });
  });

  test("a single pod has no budget that would keep its node from being drained", async () => {
    const kinds = (await render("--set", "replicas=1")).map(({ kind }) => kind);
    expect(kinds).not.toContain("PodDisruptionBudget");
  });

  test("the Lease's rights are bound to its name, in the release's own namespace", async () => {
    const role = (await render()).find(({ metadata }) => metadata.name === "revenprox-operator-leader");
    expect(role?.metadata.namespace).toBe("system");
    expect(role?.["rules"]).toEqual([
      { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["create"] },
      {
        apiGroups: ["coordination.k8s.io"],
        resources: ["leases"],
        resourceNames: ["revenprox-operator"],
        verbs: ["get", "update"],
      },
    ]);
  });
});

test("the quick start is a valid RevenProx", async () => {
  const example = parse(await readFile(`${chart}/examples/quickstart.yaml`, "utf8")) as KubernetesObject;
  expect(example).toMatchObject({ apiVersion: revenproxApi.apiVersion, kind: revenproxApi.kind });
  expect(revenproxSpec.safeParse(example["spec"]).error).toBeUndefined();
});

describe("monitoring of the operator itself", () => {
  const on = ["--set", "metrics.prometheusRule.enabled=true,metrics.dashboard.enabled=true"];
  interface Rules {
    readonly groups: readonly {
      readonly rules: readonly { alert: string; expr: string; annotations: Record<string, string> }[];
    }[];
  }
  const alertsOf = async (...args: readonly string[]) =>
    (only(await render(...on, ...args), "PrometheusRule")["spec"] as Rules).groups.flatMap(({ rules }) => rules);

  test("is off by default", async () => {
    const kinds = (await render()).map(({ kind }) => kind);
    expect(kinds).not.toContain("PrometheusRule");
    expect(kinds).not.toContain("ConfigMap");
  });

  test("every alert is there, about the release's own Service, with a page that the operator serves", async () => {
    const alerts = await alertsOf();
    expect(alerts.map(({ alert }) => alert)).toEqual(operatorAlertNames);
    expect(alerts[3]?.annotations["summary"]).toContain("{{ $value | humanizeDuration }}");
    for (const { alert, expr, annotations } of alerts) {
      expect(expr).toContain('{namespace="system",service="revenprox-operator-metrics"}');
      expect(annotations["runbook_url"]).toBe(`http://revenprox-operator-metrics.system.svc:8080/runbooks/${alert}`);
    }
  });

  test("promtool finds no fault with the rules", async () => {
    const { groups } = only(await render(...on), "PrometheusRule")["spec"] as { groups: readonly RuleGroup[] };
    expect(await checkRules(groups)).toMatchObject({ code: 0 });
  });

  test.each([
    ["https://a.example/b/", "https://a.example/b/RevenProxOperatorDown"],
    ["https://a.example/b/{alert}.md", "https://a.example/b/RevenProxOperatorDown.md"],
  ])("pages elsewhere: %s", async (base, url) => {
    const [first] = await alertsOf("--set-string", `operator.runbookBaseUrl=${base.replaceAll(/[{}]/g, "\\$&")}`);
    expect(first?.annotations["runbook_url"]).toBe(url);
  });

  test("the dashboard is whole, and the release's own", async () => {
    const { data, metadata } = only(await render(...on), "ConfigMap") as unknown as {
      readonly data: Record<string, string>;
      readonly metadata: { readonly labels: Record<string, string> };
    };
    const [[file = "", text = ""] = []] = Object.entries(data);
    expect(file).toBe("revenprox_system_revenprox-operator_operator.json");
    expect(metadata.labels["grafana_dashboard"]).toBe("1");
    expect(text).not.toMatch(/__[A-Z_]+__/);
    const { uid, panels } = JSON.parse(text) as { uid: string; panels: unknown[] };
    expect(uid).toMatch(/^rvp-[0-9a-f]{16}-operator$/);
    expect(panels.length).toBeGreaterThan(8);
  });
});
