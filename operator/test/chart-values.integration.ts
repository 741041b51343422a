import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { chart, only, refusal, render } from "./support/chart.ts";

interface Schema {
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

const readSchema = async (): Promise<Schema> =>
  JSON.parse(await readFile(`${chart}/values.schema.json`, "utf8")) as Schema;

/** Every value below a schema by its path, references followed. */
const valuesBelow = (root: Schema, schema: Schema, path = ""): readonly (readonly [string, Schema])[] =>
  Object.entries(schema.properties ?? {}).flatMap(([key, own]) => {
    const target = own.$ref === undefined ? own : { ...root.$defs?.[own.$ref.slice("#/$defs/".length)], ...own };
    const here = path === "" ? key : `${path}.${key}`;
    return [[here, target] as const, ...valuesBelow(root, target, here)];
  });

const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const pathsOf = (value: unknown, path = ""): readonly string[] =>
  isPlainObject(value)
    ? Object.entries(value).flatMap(([key, below]) => {
        const here = path === "" ? key : `${path}.${key}`;
        return [here, ...pathsOf(below, here)];
      })
    : [];

/** Values that carry what Kubernetes defines, or labels and the like. */
const open = /^(global|resources\.(requests|limits|claims)|affinity|metrics\.dashboard\.labels\..+)$/;
/** Values that values.yaml has no default for. */
const withoutDefault = /^(global|resources\.(claims|limits|requests)|.*\.annotations|.*\.(labels|to|ports))$/;

/** Handed on as they are, or left out. */
const mayBeAbsent = new Set(["resources", "podAnnotations", "podLabels", "nodeSelector", "affinity"]);

describe("the schema of the values", () => {
  test("describes each value of values.yaml, and nothing that is not there", async () => {
    const schema = await readSchema();
    const described = new Map(valuesBelow(schema, schema));
    const values = pathsOf(parse(await readFile(`${chart}/values.yaml`, "utf8")));
    const freeForm = values.filter(
      (path) => !described.has(path) && !/^(resources|metrics\.dashboard\.labels)\./.test(path),
    );
    expect(freeForm).toEqual([]);
    for (const [path, { description }] of described) expect(description, path).toMatch(/^\S.{8,}\.$/s);
    const known = new Set(values);
    expect([...described.keys()].filter((path) => !known.has(path) && !withoutDefault.test(path))).toEqual([]);
  });

  test("leaves no object open that is the chart's own", async () => {
    const schema = await readSchema();
    const objects = valuesBelow(schema, schema).filter(([, { type }]) => type === "object");
    const unlocked = objects.filter(([path, { additionalProperties }]) => {
      const isMap = typeof additionalProperties === "object";
      return additionalProperties !== false && !isMap && !open.test(path);
    });
    expect(unlocked.map(([path]) => path)).toEqual([]);
  });
});

describe("a bad value is refused by its name", () => {
  test.each([
    ["replicaCount=2", "replicaCount"],
    ["replicas=-1", "/replicas"],
    ["replicas=two", "/replicas"],
    ["image.digest=sha256:1", "/image/digest"],
    ["image.pullPolicy=Sometimes", "/image/pullPolicy"],
    ["image.repository=", "/image/repository"],
    ["image.repository=registry.example:5000/operator:1.0", "/image/repository"],
    ["proxyImage.pullPolicy=Always", "/proxyImage"],
    ["natsImage.pullPolicy=Always", "/natsImage"],
    ["proxyImage.digest=latest", "/proxyImage/digest"],
    ["natsImage.name=nats", "/natsImage"],
    ["imagePullSecrets[0].secret=a", "/imagePullSecrets/0"],
    ["leaderElection.retrySeconds=0", "/leaderElection/retrySeconds"],
    ["leaderElection.leaseDurationSeconds=2", "/leaderElection/leaseDurationSeconds"],
    ["podDisruptionBudget.minAvailable=1", "/podDisruptionBudget"],
    ["networkPolicy.enabled=maybe", "/networkPolicy/enabled"],
    ["networkPolicy.metricsFrom[0].namespace=a", "/networkPolicy/metricsFrom/0"],
    ["networkPolicy.egress.apiServerPorts={0}", "/networkPolicy/egress/apiServerPorts/0"],
    ["networkPolicy.egress.apiServerPorts={}", "/networkPolicy/egress/apiServerPorts"],
    ["networkPolicy.egress.apiServerCidrs={10.0.0.1}", "/networkPolicy/egress/apiServerCidrs/0"],
    ["nameOverride=Upper", "/nameOverride"],
    ["fullnameOverride=an_underscore", "/fullnameOverride"],
    ["watchNamespaces={Bad_Name}", "/watchNamespaces/0"],
    ["watchNamespaces={a,a}", "/watchNamespaces"],
    ["crds.install=true", "/crds"],
    ["crds.keep=yes-please", "/crds/keep"],
    ["serviceAccount.name=Upper", "/serviceAccount/name"],
    ["rbac.aggregate.admin=true", "/rbac/aggregate"],
    ["operator.logLevel=loud", "/operator/logLevel"],
    ["operator.logFormat=xml", "/operator/logFormat"],
    ["operator.maxConcurrentReconciles=0", "/operator/maxConcurrentReconciles"],
    ["operator.runbookBaseUrl=docs/runbooks", "/operator/runbookBaseUrl"],
    ["operator.tracing.endpoint=http://me:secret@collector:4318", "/operator/tracing/endpoint"],
    ["operator.tracing.ratio=2", "/operator/tracing/ratio"],
    ["resources.cpu=1", "/resources"],
    ["podLabels.a.b=c", "/podLabels/a"],
    ["priorityClassName=A B", "/priorityClassName"],
    ["metrics.serviceMonitor.interval=often", "/metrics/serviceMonitor/interval"],
    ["metrics.prometheusRule.rules=x", "/metrics/prometheusRule"],
    ["metrics.dashboard.enabled=1", "/metrics/dashboard/enabled"],
    ["test.timeoutSeconds=1", "/test/timeoutSeconds"],
  ])("%s", async (value, name) => expect(await refusal("--set", value)).toContain(name));

  test.each([
    ["leaderElection.retrySeconds=10", "retrySeconds (10) must be less than renewDeadlineSeconds (10)"],
    ["leaderElection.renewDeadlineSeconds=15", "that less than leaseDurationSeconds (15)"],
    ["serviceAccount.create=false", "serviceAccount.name is needed when serviceAccount.create is false"],
  ])("%s: what no schema can say", async (value, message) => expect(await refusal("--set", value)).toContain(message));
});

test("a value that an earlier chart had none of is asked for by its name, as with --reuse-values", async () => {
  const values: Readonly<Record<string, unknown>> = parse(await readFile(`${chart}/values.yaml`, "utf8"));
  const groups = Object.keys(values).filter((key) => isPlainObject(values[key]) && !mayBeAbsent.has(key));
  expect(groups.length).toBeGreaterThan(5);
  for (const group of groups) {
    const complaint = await refusal("--set", `${group}=null`);
    expect(complaint).toContain(`the value ${group} is missing`);
    expect(complaint).toContain("--reset-then-reuse-values");
  }
});

test("a repository may have a registry with a port", async () => {
  expect(await refusal("--set", "image.repository=registry.example:5000/team/operator")).toBe("");
});

test("podLabels come beside the chart's own labels, never in their place", async () => {
  const values = ["--set-string", "podLabels.team=a,podLabels.app\\.kubernetes\\.io/component=mine"];
  const { template } = only(await render(values), "Deployment")["spec"] as {
    readonly template: { readonly metadata: { readonly labels: Readonly<Record<string, string>> } };
  };
  expect(template.metadata.labels).toMatchObject({ team: "a", "app.kubernetes.io/component": "operator" });
});

describe("the NetworkPolicy of the operator", () => {
  const policyOf = async (...values: readonly string[]) =>
    only(await render(values), "NetworkPolicy")["spec"] as Readonly<Record<string, unknown>>;

  test("selects the operator's pods and lets nothing in but the port that they have", async () => {
    const deployment = only(await render(), "Deployment")["spec"] as {
      readonly selector: object;
      readonly template: { readonly spec: { readonly containers: readonly { readonly ports: unknown }[] } };
    };
    const policy = await policyOf();
    expect(policy["podSelector"]).toEqual(deployment.selector);
    expect(policy["policyTypes"]).toEqual(["Ingress"]);
    expect(policy["ingress"]).toEqual([{ ports: [{ port: "metrics", protocol: "TCP" }] }]);
    expect(deployment.template.spec.containers[0]?.ports).toEqual([
      { name: "metrics", containerPort: 8080, protocol: "TCP" },
    ]);
  });

  test("lets helm test in beside those that are named", async () => {
    const from = ["--set", "networkPolicy.metricsFrom[0].podSelector.matchLabels.app=prometheus"];
    const objects = await render(from);
    const pod = only(objects, "Pod").metadata.labels;
    const peersOf = async (...values: readonly string[]) =>
      ((await policyOf(...from, ...values))["ingress"] as readonly { readonly from: unknown }[])[0]?.from;
    const named = { podSelector: { matchLabels: { app: "prometheus" } } };
    expect(await peersOf()).toEqual([named, { podSelector: { matchLabels: pod } }]);
    expect(await peersOf("--set", "test.enabled=false")).toEqual([named]);
  });

  test("restricted, it reaches DNS, the API server, the proxies' management plane, NATS' monitoring and what is named", async () => {
    const policy = await policyOf(
      ...["--set", "networkPolicy.egress.restrict=true,networkPolicy.egress.apiServerCidrs={192.0.2.1/32}"],
      ...["--set", "networkPolicy.egress.apiServerPorts={16443},networkPolicy.egress.extra[0].ports[0].port=4318"],
    );
    const tcp = (port: number) => ({ port, protocol: "TCP" });
    expect(policy["policyTypes"]).toEqual(["Ingress", "Egress"]);
    expect(policy["egress"]).toEqual([
      { ports: [{ port: 53, protocol: "UDP" }, tcp(53)] },
      { ports: [tcp(16_443)], to: [{ ipBlock: { cidr: "192.0.2.1/32" } }] },
      { ports: [tcp(9_090)], to: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: "revenprox" } } }] },
      { ports: [tcp(8_222)], to: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: "revenprox-nats" } } }] },
      { ports: [{ port: 4_318 }] },
    ]);
  });

  test("can be left out", async () => {
    const kinds = (await render(["--set", "networkPolicy.enabled=false"])).map(({ kind }) => kind);
    expect(kinds).not.toContain("NetworkPolicy");
  });
});
