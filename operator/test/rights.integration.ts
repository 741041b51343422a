import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { helm } from "@revenprox/cluster";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import type { KubernetesObject } from "../src/reconcile/ports.ts";
import {
  condition,
  eventually,
  revenprox,
  revenproxPath,
  startTestCluster,
  type TestCluster,
} from "./support/cluster.ts";
import { withOperator } from "./support/operator.ts";

const chart = fileURLToPath(new URL("../../charts/revenprox", import.meta.url));

let cluster: TestCluster;
let folder: string;

beforeAll(async () => {
  cluster = await startTestCluster();
  folder = await mkdtemp(join(tmpdir(), "revenprox-rights-"));
  for (const namespace of ["system", "other"]) await cluster.kubectl("create", "namespace", namespace);
});

afterAll(async () => {
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

const templates = ["rbac", "leader-rbac"].flatMap((name) => ["--show-only", `templates/${name}.yaml`]);
const LEASE_NAMESPACE = "system";

/** Gives the chart's rights to its ServiceAccount; answers a kubeconfig that acts as that. */
const withRightsOf = async (...values: readonly string[]): Promise<string> => {
  const args = ["template", "revenprox", chart, "--namespace", "system", ...templates, ...values];
  const { stdout } = await promisify(execFile)(await helm(), args);
  const objects = parseAllDocuments(stdout).map((document) => document.toJS() as KubernetesObject);
  for (const object of objects) await cluster.kubectlApply(object);
  const binding = objects.find(({ kind }) => kind.endsWith("Binding"));
  const [subject] = (binding?.["subjects"] ?? []) as readonly { name: string; namespace: string }[];
  const config = JSON.parse(await readFile(cluster.controlPlane.kubeconfig, "utf8")) as {
    users: { user: Record<string, unknown> }[];
  };
  for (const { user } of config.users) user["as"] = `system:serviceaccount:${subject?.namespace}:${subject?.name}`;
  const file = join(folder, `${objects[0]?.kind}.json`);
  await writeFile(file, JSON.stringify(config));
  return file;
};

const refused = async (): Promise<readonly string[]> => [
  ...new Set(
    (await cluster.operatorRequests())
      .filter(({ responseStatus }) => responseStatus?.code === 403)
      .map(({ verb, objectRef }) => `${verb} ${objectRef?.resource}`),
  ),
];

const served = async (name: string): Promise<void> => {
  await cluster.kubectlApply(revenprox(name));
  await condition(cluster, name, ["Ready", "False"]);
  await eventually("an event is written", async () => {
    const { items } = (await cluster.get("/api/v1/namespaces/default/events")) as unknown as {
      items: { involvedObject: { name: string } }[];
    };
    return items.some(({ involvedObject }) => involvedObject.name === name);
  });
};

test("in one namespace the chart's Role is enough, and others are left alone", async () => {
  const kubeconfig = await withRightsOf("--set", "watchNamespaces={default}");
  await withOperator(
    cluster,
    {
      kubeconfig,
      environment: { WATCH_NAMESPACE: "default", LEASE_NAMESPACE },
    },
    async () => {
      await cluster.kubectlApply({ ...revenprox("outside"), metadata: { name: "outside", namespace: "other" } });
      await served("inside");
      expect(await refused()).toEqual(["list storageclasses"]);
      expect(await cluster.kubectl("get", "all", "-n", "other", "-o", "name")).toBe("");
      expect((await cluster.get(revenproxPath("outside", "other")))?.["status"]).toMatchObject({
        observedGeneration: -1,
      });
    },
  );
});

test("in all namespaces the chart's ClusterRole is enough", async () => {
  const before = await refused();
  await withOperator(cluster, { kubeconfig: await withRightsOf(), environment: { LEASE_NAMESPACE } }, async () => {
    await served("everywhere");
    await eventually("the one in the other namespace is served too", () =>
      cluster.get("/apis/apps/v1/namespaces/other/deployments/outside"),
    );
    await cluster.kubectl("delete", "deployment", "everywhere");
    await eventually("it is made again", () => cluster.get("/apis/apps/v1/namespaces/default/deployments/everywhere"));
    expect(await refused()).toEqual(before);
  });
});
