import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { deploymentKind, pathOf, type ResourceKind, statefulSetKind } from "../src/kube/kinds.ts";
import { lastApplied } from "../src/kube/last-applied.ts";
import { parseLiveObject } from "../src/kube/object.ts";
import { externalWithCredentials } from "../src/testing/alternatives.ts";
import { everythingSet } from "../src/testing/resource.ts";
import { eventually, revenproxPath, startTestCluster, type TestCluster } from "./support/cluster.ts";
import { type RunningOperator, startOperator } from "./support/operator.ts";
import { playPrevious } from "./support/previous-operator.ts";

const web = revenproxPath("web", "apps");
const workloads: readonly (readonly [ResourceKind, string])[] = [
  [deploymentKind, "web"],
  [statefulSetKind, "web-nats"],
];

let cluster: TestCluster;
let operator: RunningOperator | undefined;

beforeEach(async () => {
  cluster = await startTestCluster();
  await cluster.kubectl("create", "namespace", "apps");
});

afterEach(async () => {
  await operator?.stop();
  operator = undefined;
  await cluster?.stop();
});

const create = async (spec: unknown): Promise<RevenProx> => {
  await cluster.kubectlApply({
    apiVersion: "revenprox.io/v1alpha1",
    kind: "RevenProx",
    metadata: { name: "web", namespace: "apps" },
    spec,
  });
  return (await cluster.get(web)) as unknown as RevenProx;
};

const change = (spec: unknown) =>
  cluster.client.request({
    method: "PATCH",
    path: web,
    contentType: "application/merge-patch+json",
    body: { spec },
  });

const live = (kind: ResourceKind, name: string) => cluster.get(pathOf(kind, "apps", name));

/** Pod templates of the workloads that exist, by kind. */
const templates = async (): Promise<Readonly<Record<string, string>>> => {
  const found = workloads.map(async ([kind, name]) => {
    const object = await live(kind, name);
    const { template } = (object?.["spec"] ?? {}) as { readonly template?: unknown };
    return [kind.kind, JSON.stringify(template)] as const;
  });
  return Object.fromEntries(await Promise.all(found));
};

const conditionOf = async (type: string) => {
  const { status } = (await cluster.get(web)) as unknown as RevenProx;
  return status?.conditions?.find((each) => each.type === type);
};

/** Resolves once the operator has seen the present generation and says this of UpgradePending. */
const says = (reason: string) =>
  eventually(
    `UpgradePending says ${reason}`,
    async () => {
      const { metadata, status } = (await cluster.get(web)) as unknown as RevenProx;
      return (
        status?.observedGeneration === metadata.generation && (await conditionOf("UpgradePending"))?.reason === reason
      );
    },
    60,
  );

const images = { PROXY_IMAGE: "localhost/revenprox-proxy:test", NATS_IMAGE: "localhost/revenprox-nats:test" };
const upgrade = async () => {
  operator = await startOperator(cluster, { environment: images });
};

describe("an operator that takes over what the one before made", () => {
  test.each([
    ["{}", "empty", {}],
    ["an external NATS", "external-nats", externalWithCredentials],
  ])("leaves the pods of %s as they are, and says what waits", async (_, golden, spec) => {
    await playPrevious(cluster, await create(spec), golden);
    const before = await templates();
    await upgrade();
    await eventually("it has taken over", async () => (await conditionOf("UpgradePending")) !== undefined, 60);
    expect(await templates()).toEqual(before);
    // Nor when it looks again, or something is changed that no pod is made from.
    await change({ service: { annotations: { seen: "yes" } }, config: { http: { maxEventSize: 2_048 } } });
    await eventually("the Service follows", async () => {
      const service = await cluster.get("/api/v1/namespaces/apps/services/web");
      return service?.metadata.annotations?.["seen"] === "yes";
    });
    expect((await templates())["Deployment"]).toBe(before["Deployment"]);
  });

  test("rolls its own way of making pods out with the next change that makes new pods", async () => {
    await playPrevious(cluster, await create({}), "empty");
    const before = await templates();
    await upgrade();
    await says("NewPodTemplate");
    await change({ nats: { managed: { resources: { requests: { memory: "300Mi" } } } } });
    await eventually(
      "NATS has the new template",
      async () => (await templates())["StatefulSet"] !== before["StatefulSet"],
    );
    expect((await templates())["StatefulSet"]).toContain("300Mi");
    expect((await templates())["Deployment"]).toBe(before["Deployment"]);
  });

  test("or as soon as upgradePolicy is Automatic", async () => {
    await playPrevious(cluster, await create({}), "empty");
    const before = await templates();
    await upgrade();
    await says("NewPodTemplate");
    await change({ upgradePolicy: "Automatic" });
    await says("UpToDate");
    expect((await templates())["StatefulSet"]).not.toBe(before["StatefulSet"]);
  });

  test("puts right what somebody else changed, though that makes new pods", async () => {
    await playPrevious(cluster, await create({}), "empty");
    await cluster.kubectl("set", "image", "-n", "apps", "statefulset/web-nats", "nats=elsewhere/nats:1");
    await upgrade();
    await eventually("the image is ours", async () => !(await templates())["StatefulSet"]?.includes("elsewhere"), 60);
  });
});

test("what was applied last is read back from the object, exactly, whatever the spec", async () => {
  for (const spec of [{}, externalWithCredentials, everythingSet]) {
    await create(spec);
    if (operator === undefined) await upgrade();
    for (const [kind, name] of workloads) {
      if (spec === externalWithCredentials && kind === statefulSetKind) continue;
      const object = await eventually(`${kind.kind} is made`, () => live(kind, name), 60);
      expect(
        lastApplied(parseLiveObject(object, kind, "revenprox-operator")),
        JSON.stringify(spec).slice(0, 40),
      ).toBeDefined();
    }
    await cluster.kubectl("delete", "-n", "apps", "revenprox", "web");
    // No garbage collector runs here.
    await cluster.kubectl("delete", "-n", "apps", "deploy,sts,svc,cm,sa,secret,pdb,netpol,ingress", "--all");
  }
}, 400_000);
