import { describe, expect, test } from "vitest";
import { deploymentKind, pathOf, type ResourceKind, statefulSetKind } from "../src/kube/kinds.ts";
import { eventTold, eventually, isChildWrite, revenprox } from "./support/cluster.ts";
import { untilQuiet } from "./support/quiet.ts";
import { clusterOfFile, operatorOfFile } from "./support/stage.ts";

const cluster = clusterOfFile();
const operator = operatorOfFile(cluster);

/** Makes a resource and waits until nothing more is written for it. */
const settled = async (name: string): Promise<void> => {
  await cluster.kubectlApply(revenprox(name));
  await eventually(`${name} has a Deployment`, () => cluster.get(pathOf(deploymentKind, "default", name)), 60);
  await untilQuiet(cluster, name);
};

interface Template {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>>; readonly labels?: object };
  readonly spec: unknown;
}

const templateOf = async (name: string, kind: ResourceKind = deploymentKind): Promise<Template> => {
  const object = await eventually(`${name} is there`, () => cluster.get(pathOf(kind, "default", name)));
  return (object["spec"] as { readonly template: Template }).template;
};

const event = (reason: string, parts: readonly string[]) => eventTold(cluster, reason, parts);

const patched = (name: string, spec: unknown) =>
  cluster.kubectl("patch", "deployment", name, "-p", JSON.stringify({ spec: { template: { spec } } }));

const childWrites = async () => (await cluster.operatorRequests()).filter(isChildWrite).length;

/** Waits for several passes more. */
const lookedAgain = async (name: string): Promise<void> => {
  const passes = () => operator.metric("revenprox_operator_reconcile_total");
  for (let look = 1; look <= 2; look++) {
    const before = await passes();
    await cluster.kubectl("annotate", "deployment", name, `look=${look}`, "--overwrite");
    await eventually("it looked", async () => (await passes()) > before, 60);
  }
};

describe("what somebody adds to the pods of a child", () => {
  test.each<[string, () => Promise<string>, string, string]>([
    [
      "variable",
      () => cluster.kubectl("set", "env", "deployment/added", "NODE_OPTIONS=--inspect"),
      "kubectl-set",
      'env[name="NODE_OPTIONS"]',
    ],
    [
      "container",
      () => patched("added", { containers: [{ name: "spy", image: "spy:1" }] }),
      "kubectl-patch",
      'containers[name="spy"]',
    ],
    [
      "volume and its mount",
      () =>
        patched("added", {
          volumes: [{ name: "host", hostPath: { path: "/" } }],
          containers: [{ name: "proxy", volumeMounts: [{ name: "host", mountPath: "/host" }] }],
        }),
      "kubectl-patch",
      'volumes[name="host"]',
    ],
    [
      "way into the node",
      () => patched("added", { hostPID: true, tolerations: [{ operator: "Exists" }] }),
      "kubectl-patch",
      ".hostPID",
    ],
    [
      "command",
      () => patched("added", { containers: [{ name: "proxy", command: ["/bin/sh"], args: ["-c", "true"] }] }),
      "kubectl-patch",
      ".command",
    ],
  ])("a %s goes, and an event names whose and what", async (_, add, manager, field) => {
    if ((await cluster.get(pathOf(deploymentKind, "default", "added"))) === undefined) await settled("added");
    const before = await templateOf("added");
    await add();
    await event("DriftCorrected", [manager, field, "Deployment added"]);
    expect((await templateOf("added")).spec).toEqual(before.spec);
  });

  test("goes from the NATS servers, too", async () => {
    await settled("bus");
    const before = await templateOf("bus-nats", statefulSetKind);
    await cluster.kubectl("set", "env", "statefulset/bus-nats", "DEBUG=1");
    await event("DriftCorrected", ["kubectl-set", "StatefulSet bus-nats"]);
    expect((await templateOf("bus-nats", statefulSetKind)).spec).toEqual(before.spec);
  });

  test("goes together with a change of the spec", async () => {
    await settled("both");
    await cluster.kubectl("annotate", "revenprox", "both", "revenprox.io/plan=true");
    await eventually(
      "it only plans",
      async () => (await cluster.kubectl("get", "revenprox", "both", "-o", "jsonpath={.status.plan}")) !== "",
      60,
    );
    await cluster.kubectl("set", "env", "deployment/both", "TZ=Asia/Tokyo", "DEBUG=1");
    const spec = { pod: { env: [{ name: "TZ", value: "Europe/Vienna" }] } };
    await cluster.kubectl("patch", "revenprox", "both", "--type=merge", "-p", JSON.stringify({ spec }));
    await cluster.kubectl("annotate", "revenprox", "both", "revenprox.io/plan-");
    await eventually(
      "only the variable of the spec is there, with its value",
      async () => {
        const pods = JSON.stringify((await templateOf("both")).spec);
        return pods.includes("Europe/Vienna") && !pods.includes("Asia/Tokyo") && !pods.includes("DEBUG");
      },
      60,
    );
  });

  test("again and again stays for a while, is named, and costs no more writes", async () => {
    await settled("fought");
    const set = (value: string) => cluster.kubectl("set", "env", "deployment/fought", `DEBUG=${value}`);
    const isThere = async () => JSON.stringify((await templateOf("fought")).spec).includes("DEBUG");
    for (const round of ["1", "2"]) {
      await set(round);
      await eventually("it is taken away", async () => !(await isThere()), 60);
    }
    await set("3");
    await event("Conflict", ["kubectl-set", 'env[name="DEBUG"]']);
    await untilQuiet(cluster, "fought");
    expect(await isThere()).toBe(true);
    const before = await childWrites();
    await lookedAgain("fought");
    expect(await childWrites()).toBe(before);
  });
});

describe("what stays", () => {
  test("a restart by kubectl, labels and annotations of the pods by others", async () => {
    await settled("kept");
    await cluster.kubectl("rollout", "restart", "deployment/kept");
    const metadata = { labels: { team: "a" }, annotations: { "example.com/note": "b" } };
    await cluster.kubectl("patch", "deployment", "kept", "-p", JSON.stringify({ spec: { template: { metadata } } }));
    const before = await templateOf("kept");
    const writes = await childWrites();
    await lookedAgain("kept");
    expect(await templateOf("kept")).toEqual(before);
    expect(JSON.stringify(before.metadata)).toMatch(/restartedAt.*|example\.com\/note/);
    expect(before.metadata.labels).toMatchObject({ team: "a" });
    expect(await childWrites()).toBe(writes);
  });

  test("defaults of the API server that somebody claims as theirs: tried once, and then left alone", async () => {
    await settled("claimed");
    const template = await templateOf("claimed");
    const whole = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "claimed", namespace: "default" },
      spec: { template: { spec: template.spec } },
    };
    await cluster.client.request({
      method: "PATCH",
      path: pathOf(deploymentKind, "default", "claimed"),
      query: { fieldManager: "exporter", force: "true" },
      contentType: "application/apply-patch+yaml",
      body: whole,
    });
    await untilQuiet(cluster, "claimed");
    await lookedAgain("claimed");
    const writes = await childWrites();
    await lookedAgain("claimed");
    expect(await childWrites()).toBe(writes);
    expect((await templateOf("claimed")).spec).toEqual(template.spec);
  });
});
