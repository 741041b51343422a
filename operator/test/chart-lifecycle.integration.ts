import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { type ControlPlane, startControlPlane } from "@revenprox/cluster";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { KubernetesObject } from "../src/reconcile/ports.ts";
import { chart, helmOn, kubectlOn, only, previousChart, releaseNamespace, render } from "./support/chart.ts";
import { eventually, untilTaken } from "./support/cluster.ts";

const crdName = "revenproxes.revenprox.io";
const quickstart = `${chart}/examples/quickstart.yaml`;

let controlPlane: ControlPlane;
let helm: ReturnType<typeof helmOn>;
let kubectl: ReturnType<typeof kubectlOn>;

beforeAll(async () => {
  controlPlane = await startControlPlane();
  [helm, kubectl] = [helmOn(controlPlane), kubectlOn(controlPlane)];
});
afterAll(() => controlPlane?.stop());

const inSystem = ["--namespace", releaseNamespace, "--create-namespace"];
const install = (of: string, ...more: readonly string[]) =>
  helm("upgrade", "--install", "revenprox", of, ...inSystem, ...more);
const uninstall = () => helm("uninstall", "revenprox", ...inSystem.slice(0, 2));

const servedCrd = async (): Promise<KubernetesObject> =>
  JSON.parse(await kubectl("get", "crd", crdName, "--output=json")) as KubernetesObject;
const established = () =>
  untilTaken("the CRD is established", () => kubectl("wait", "--for=condition=Established", `crd/${crdName}`));
const uidOf = (...object: readonly string[]) => kubectl("get", ...object, "--output=jsonpath={.metadata.uid}");

/** A message of helm's when it does not do what it is asked. */
const complaint = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => "",
    (error: { readonly stderr: string }) => error.stderr,
  );

/** The part of a CRD's schema that a chart brings. */
const schemaOf = (crd: KubernetesObject): unknown => {
  const { versions } = crd["spec"] as { readonly versions: readonly { readonly schema: unknown }[] };
  return versions[0]?.schema;
};

describe("the CRD through the life of a release", () => {
  let uid: string;
  let crdUid: string;

  test("helm upgrade from the chart before brings the new schema, under live resources", async () => {
    await install(previousChart);
    await established();
    const before = only(await render([], previousChart), "CustomResourceDefinition");
    const now = only(await render(), "CustomResourceDefinition");
    expect(schemaOf(before)).not.toEqual(schemaOf(now));
    expect(schemaOf(await servedCrd())).toEqual(schemaOf(before));
    await kubectl("apply", "--filename", quickstart);
    [uid, crdUid] = [await uidOf("revenprox", "quickstart"), await uidOf("crd", crdName)];

    await install(chart);
    expect(schemaOf(await servedCrd())).toEqual(schemaOf(now));
    expect(await uidOf("revenprox", "quickstart")).toBe(uid);
    // What the old schema had stored is valid under the new one.
    await kubectl("annotate", "revenprox", "quickstart", "seen=new-schema");
  });

  test("an edit by hand does not stay", async () => {
    const patch = '--patch=[{"op":"remove","path":"/spec/names/shortNames"}]';
    await kubectl("patch", "crd", crdName, "--type=json", patch);
    await install(chart, "--force-conflicts");
    expect((await servedCrd())["spec"]).toMatchObject({ names: { shortNames: ["rvp"] } });
  });

  test("crds.enabled=false leaves it where it is, and true takes it over again", async () => {
    await install(chart, "--set", "crds.enabled=false");
    expect(await uidOf("crd", crdName)).toBe(crdUid);
    await install(chart);
    expect(await uidOf("crd", crdName)).toBe(crdUid);
  });

  test("helm uninstall leaves it with every RevenProx, and an install of the same name adopts both", async () => {
    await uninstall();
    expect(await uidOf("revenprox", "quickstart")).toBe(uid);
    await install(chart);
    expect(await uidOf("crd", crdName)).toBe(crdUid);
    expect(await uidOf("revenprox", "quickstart")).toBe(uid);
  });

  test("a release of another name and namespace is told whose it is, and adopts it when told to", async () => {
    await uninstall();
    const other = ["upgrade", "--install", "streams", chart, "--namespace", "elsewhere", "--create-namespace"];
    const refused = await complaint(helm(...other));
    expect(refused).toContain(crdName);
    expect(refused).toContain('must equal "streams": current value is "revenprox"');
    await helm(...other, "--take-ownership");
    expect(await uidOf("crd", crdName)).toBe(crdUid);
    expect((await servedCrd()).metadata.annotations).toMatchObject({ "meta.helm.sh/release-name": "streams" });
    // From here on it is the new release's like any of its own.
    await helm(...other);
    await helm("uninstall", "streams", "--namespace", "elsewhere");
    expect(await uidOf("revenprox", "quickstart")).toBe(uid);
  });

  test("crds.keep=false: helm uninstall takes it away", async () => {
    await install(chart, "--take-ownership", "--set", "crds.keep=false");
    await uninstall();
    await eventually(
      "the CRD is gone or going",
      async () => {
        const found = await kubectl("get", "crd", crdName, "--ignore-not-found", "--output=json");
        return found === "" || (JSON.parse(found) as KubernetesObject).metadata.deletionTimestamp !== undefined;
      },
      60,
    );
  });
});

interface PodTemplate {
  readonly metadata: object;
  readonly spec: object;
}

/** A pod as the template's controller would make it. */
const podFrom = ({ metadata, spec }: PodTemplate) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { ...metadata, name: "pod", namespace: "strict" },
  spec,
});

const dryRun = (object: unknown): Promise<string> =>
  new Promise((resolve) => {
    const args = ["--kubeconfig", controlPlane.kubeconfig, "create", "--dry-run=server", "--filename", "-"];
    const child = execFile(controlPlane.kubectl, args, (error, _, complaints) =>
      resolve(error === null ? complaints : error.message),
    );
    child.stdin?.end(JSON.stringify(object));
  });

describe("in a namespace that enforces the restricted Pod Security Standard", () => {
  beforeAll(async () => {
    await kubectl("create", "namespace", "strict");
    const standard = ["enforce", "warn"].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
    await kubectl("label", "namespace", "strict", ...standard);
  });

  const everything = ["--set", "resources.limits.cpu=1,priorityClassName=,podLabels.team=a,nodeSelector.disk=fast"];
  test.each([
    ["by default", []],
    ["with more values", everything],
  ])("the operator's pods and the test's are taken %s", async (_, values) => {
    const objects = await render(values);
    const deployment = only(objects, "Deployment")["spec"] as { readonly template: PodTemplate };
    const pod = only(objects, "Pod") as unknown as PodTemplate;
    expect(await dryRun(podFrom(deployment.template))).toBe("");
    expect(await dryRun(podFrom(pod))).toBe("");
  });

  test("a pod that is not restricted is refused there", async () => {
    const deployment = only(await render(), "Deployment")["spec"] as { readonly template: PodTemplate };
    const { template } = deployment;
    const loose = { ...template, spec: { ...template.spec, hostNetwork: true } };
    expect(await dryRun(podFrom(loose))).toContain("violates PodSecurity");
  });
});

describe("the aggregated roles", () => {
  interface Role {
    readonly rules: readonly unknown[];
    readonly labels: Readonly<Record<string, string>>;
  }
  const roles = async (...values: readonly string[]): Promise<ReadonlyMap<string, Role>> =>
    new Map(
      (await render(values))
        .filter(({ kind }) => kind === "ClusterRole")
        .map(({ metadata, ...role }) => [
          metadata.name,
          { rules: role["rules"] as readonly unknown[], labels: metadata.labels ?? {} },
        ]),
    );
  const aggregated = (name: string) => `rbac.authorization.k8s.io/aggregate-to-${name}`;

  test("viewers read; editors write and scale only where the administrator says so", async () => {
    const { view, edit } = { view: "revenprox-operator-view", edit: "revenprox-operator-edit" };
    const usual = await roles();
    expect(usual.get(view)?.rules).toEqual([
      {
        apiGroups: ["revenprox.io"],
        resources: ["revenproxes", "revenproxes/status"],
        verbs: ["get", "list", "watch"],
      },
    ]);
    for (const name of ["view", "edit", "admin"]) expect(usual.get(view)?.labels[aggregated(name)]).toBe("true");
    expect(usual.has(edit)).toBe(false);
    const asked = await roles("--set", "rbac.aggregate.edit=true");
    expect(asked.get(edit)?.labels).not.toHaveProperty([aggregated("view")]);
    for (const name of ["edit", "admin"]) expect(asked.get(edit)?.labels[aggregated(name)]).toBe("true");
    expect(JSON.stringify(asked.get(edit)?.rules)).not.toMatch(/"\*"|secrets|pods/);
    expect([...(await roles("--set", "watchNamespaces={a},rbac.aggregate.edit=true")).keys()]).toEqual([]);
  });
});

test("the example's CRD is the generated one, also in the chart", async () => {
  const generated = parse(await readFile(new URL("../../crds/revenprox.yaml", import.meta.url), "utf8")) as {
    readonly spec: unknown;
  };
  expect(only(await render(), "CustomResourceDefinition")["spec"]).toEqual(generated.spec);
});
