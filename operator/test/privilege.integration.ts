import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { configMapKind, optionalKinds } from "../src/kube/kinds.ts";
import { KubeUnreachableError } from "../src/kube/kube-error.ts";
import { releaseNamespace } from "./support/chart.ts";
import {
  type AuditEvent,
  eventually,
  revenprox,
  revenproxPath,
  startTestCluster,
  statusOf,
  type TestCluster,
} from "./support/cluster.ts";
import { looseCrd } from "./support/loose-crd.ts";
import { type RunningOperator, startOperator, withOperator } from "./support/operator.ts";
import {
  grant,
  isRefused,
  kubeconfigAs,
  mayRepeat,
  operatorRules,
  type Right,
  rightOf,
  rightsOf,
  rightsUsedBy,
  withoutRight,
} from "./support/rights.ts";
import { liveWholeLife } from "./support/whole-life.ts";

const user = "operator";
const environment = { LEASE_NAMESPACE: releaseNamespace };

/** Asked for by admission while an object is written, so no call of its own shows it; a real drop does, below. */
const ofAdmission: Right = rightOf("revenprox.io", "revenproxes/finalizers", "update");

let cluster: TestCluster;
let folder: string;
let rules: Awaited<ReturnType<typeof operatorRules>>;
let calls: readonly AuditEvent[];

const apply = (name: string, spec: unknown) => cluster.kubectlApply(revenprox(name, spec));

const grantAll = async (to: string): Promise<string> => {
  await grant(cluster, to, { rules: rules.resources });
  await grant(cluster, to, { rules: rules.lease, namespace: releaseNamespace });
  return kubeconfigAs(cluster, to, folder);
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "revenprox-privilege-"));
  rules = await operatorRules();
  // Some clusters ask who sets blockOwnerDeletion for the right on its owner's finalizers.
  cluster = await startTestCluster("--enable-admission-plugins=OwnerReferencesPermissionEnforcement");
  await cluster.kubectl("create", "namespace", releaseNamespace);
  for (const kind of Object.values(optionalKinds)) await cluster.kubectlApply(looseCrd(kind));
  await withOperator(cluster, { kubeconfig: await grantAll(user), environment }, async (operator) => {
    await liveWholeLife(cluster, operator);
  });
  calls = (await cluster.operatorRequests()).filter(({ impersonatedUser }) => impersonatedUser?.username === user);
}, 400_000);

afterAll(async () => {
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** On a busy machine a connection may break; then it is asked again. */
const unlessUnreachable = (error: unknown): string => {
  if (error instanceof KubeUnreachableError) return error.message;
  throw error;
};

const granted = (): readonly Right[] => rightsOf([...rules.resources, ...rules.lease]);

describe("the rights of the operator", () => {
  test("are enough: nothing that it did was refused, and nothing went beyond them", () => {
    expect(calls.filter(isRefused).map(({ requestURI, verb }) => `${verb} ${requestURI}`)).toEqual([]);
    const all = new Set(granted());
    expect([...new Set(calls.flatMap(rightsUsedBy))].filter((right) => !all.has(right))).toEqual([]);
  });

  test("are each used: what nothing here uses is to be taken out of the chart, or its use to be added here", () => {
    const used = new Set(calls.flatMap(rightsUsedBy));
    expect(granted().filter((right) => !used.has(right) && right !== ofAdmission)).toEqual([]);
  });

  test("are each needed: without any one of them the API server refuses the calls that used it, and no other", async () => {
    /** A call for each right; one that needed several is asked about with each verb. */
    const samples = new Map<Right, AuditEvent>();
    for (const call of calls)
      for (const right of rightsUsedBy(call)) samples.set(right, { ...call, verb: right.split(" ")[1] ?? "" });
    const all = [...samples];
    // A second try must not meet the roles of the first.
    const attempt = `try-${Math.random().toString(36).slice(2, 6)}`;
    const drop = async (dropped: Right, index: number) => {
      const stripped = `${attempt}-without-${index}`;
      await grant(cluster, stripped, { rules: withoutRight(rules.resources, dropped) });
      await grant(cluster, stripped, { rules: withoutRight(rules.lease, dropped), namespace: releaseNamespace });
      const judge = async () => {
        const refused = all.map(async ([right, call]) => ((await mayRepeat(cluster, stripped, call)) ? [] : [right]));
        return (await Promise.all(refused)).flat().join();
      };
      let refused = "";
      const isExact = async () => {
        refused = await judge().catch(unlessUnreachable);
        return refused === dropped;
      };
      const others = all.filter(([right]) => right !== dropped);
      const [, witness] = others[index % others.length] ?? [];
      const isKnown = async () => witness !== undefined && (await mayRepeat(cluster, stripped, witness));
      await eventually("the authorizer knows the new roles", isKnown, 60);
      await eventually(`the API server refuses just ${dropped}`, isExact, 60).catch((cause: unknown) => {
        throw new Error(`without ${dropped} it refuses: ${refused}`, { cause });
      });
    };
    const needed = [...samples.keys()];
    expect(needed.length).toBeGreaterThan(60);
    for (let index = 0; index < needed.length; index += 8)
      await Promise.all(needed.slice(index, index + 8).map((right, offset) => drop(right, index + offset)));
  }, 400_000);
});

/** What is seen of an operator that lacks a right. */
const dropped: readonly (readonly [Right, string, (operator: RunningOperator, name: string) => Promise<unknown>])[] = [
  [
    rightOf("apps", "deployments", "create"),
    "says so in the status, by name",
    async (_, name) =>
      eventually("the status names the object", async () =>
        JSON.stringify(await statusOf(cluster, name)).includes("Deployment"),
      ),
  ],
  [
    rightOf("", "secrets", "create"),
    "makes no Secret, and says so",
    async (_, name) =>
      eventually("the status names the Secret", async () =>
        JSON.stringify(await statusOf(cluster, name)).includes("Secret"),
      ),
  ],
  [
    rightOf("revenprox.io", "revenproxes/status", "patch"),
    "counts what failed",
    async (operator) =>
      eventually("the log tells", async () =>
        operator.lines.some((line) => line.includes("revenproxes/status") || line.includes("/status")),
      ),
  ],
  [
    ofAdmission,
    "makes no child where the cluster asks for it",
    async (_, name) =>
      eventually("the status tells", async () =>
        JSON.stringify(await statusOf(cluster, name)).includes("blockOwnerDeletion"),
      ),
  ],
];

describe("an operator that lacks one right", () => {
  test.each(dropped)("%s: it %s", async (right, _, seen) => {
    const without = `lacking-${dropped.findIndex(([each]) => each === right)}`;
    await grant(cluster, without, { rules: withoutRight(rules.resources, right) });
    await grant(cluster, without, { rules: rules.lease, namespace: releaseNamespace });
    const kubeconfig = await kubeconfigAs(cluster, without, folder);
    const operator = await startOperator(cluster, { kubeconfig, environment });
    try {
      await apply(without, { replicas: 1 });
      await seen(operator, without);
    } finally {
      await operator.stop();
      await cluster.kubectl("delete", "revenprox", without);
      expect(await cluster.get(revenproxPath(without))).toBeUndefined();
    }
  });

  test("to list a kind: it is not ready, and its log says which", async () => {
    const right = rightOf("", configMapKind.plural, "list");
    await grant(cluster, "blind", { rules: withoutRight(rules.resources, right) });
    await grant(cluster, "blind", { rules: rules.lease, namespace: releaseNamespace });
    const kubeconfig = await kubeconfigAs(cluster, "blind", folder);
    const starting = startOperator(cluster, { kubeconfig, environment });
    await expect(starting).rejects.toThrow(/configmaps|ConfigMap/);
  });
});
