import { describe, expect, test } from "vitest";
import { deploymentKind, pathOf, type ResourceKind, statefulSetKind } from "../src/kube/kinds.ts";
import { type AuditEvent, condition, eventually, revenprox } from "./support/cluster.ts";
import { withOperator } from "./support/operator.ts";
import { clusterOfEachTest } from "./support/stage.ts";

/** Seconds of the operator's clock; the full run takes ten minutes of it. */
const watchedSeconds = Number(process.env["REVENPROX_TEST_STEADY_SECONDS"] ?? "120");
const speed = 6;
const foreign = Number(process.env["REVENPROX_TEST_FOREIGN_OBJECTS"] ?? "600");

const cluster = clusterOfEachTest();

/** Runs `work` for 1 to `count`, 20 at a time. */
const times = async (count: number, work: (number: number) => Promise<unknown>): Promise<void> => {
  let next = 1;
  const worker = async () => {
    while (next <= count) await work(next++);
  };
  await Promise.all(Array.from({ length: 20 }, worker));
};

const isRead = ({ verb }: AuditEvent) => ["get", "list", "watch"].includes(verb);
const ofLease = ({ objectRef }: AuditEvent) => objectRef?.resource === "leases";

/** Plays the controllers of a workload: all its pods are ready. */
const settle = async (kind: ResourceKind, name: string): Promise<void> => {
  const path = pathOf(kind, "default", name);
  const object = await eventually(`${name} exists`, () => cluster.get(path), 120);
  const { replicas = 1 } = object["spec"] as { readonly replicas?: number };
  const counts = { replicas, readyReplicas: replicas, updatedReplicas: replicas, availableReplicas: replicas };
  await cluster.client.request({
    method: "PATCH",
    path: `${path}/status`,
    contentType: "application/merge-patch+json",
    body: { status: { observedGeneration: object.metadata.generation, ...counts, currentReplicas: replicas } },
  });
};

describe("in a steady state", () => {
  test("the operator writes nothing but its Lease", async () => {
    const names = Array.from({ length: 20 }, (_, index) => `steady-${index}`);
    await withOperator(cluster, { speed, environment: { LEASE_NAMESPACE: "default" } }, async (operator) => {
      for (const name of names) await cluster.kubectlApply(revenprox(name));
      for (const name of names) {
        await settle(deploymentKind, name);
        await settle(statefulSetKind, `${name}-nats`);
      }
      for (const name of names) await condition(cluster, name, ["Ready", "True"]);
      let before = -1;
      await eventually(
        "all is said",
        async () => {
          const now = (await cluster.operatorRequests()).filter((event) => !isRead(event) && !ofLease(event)).length;
          const settled = now === before;
          before = now;
          if (!settled) await new Promise((resolve) => setTimeout(resolve, 2_000));
          return settled;
        },
        120,
      );
      const start = (await cluster.operatorRequests()).length;
      const passes = await operator.metric("revenprox_operator_reconcile_total");
      await new Promise((resolve) => setTimeout(resolve, (watchedSeconds * 1_000) / speed));
      const seen = (await cluster.operatorRequests()).slice(start);
      expect(seen.filter((event) => !isRead(event) && !ofLease(event))).toEqual([]);
      // It did look: at each of them once a minute.
      expect((await operator.metric("revenprox_operator_reconcile_total")) - passes).toBeGreaterThanOrEqual(
        names.length,
      );
      expect(seen.some((event) => ofLease(event) && event.verb === "update")).toBe(true);
    });
  }, 900_000);
});

describe(`${foreign} foreign objects`, () => {
  test.each([
    ["all namespaces", "", /^\/(api|apis\/[^/]+)\/[^/]+\/[a-z]+\?/],
    ["one namespace", "default", /^\/(api|apis\/[^/]+)\/[^/]+\/namespaces\/default\//],
  ])(
    "are never held nor asked for, watching %s",
    async (_, namespace, expectedPath) => {
      const kinds: readonly [plural: string, kind: string][] = [
        ["configmaps", "ConfigMap"],
        ["secrets", "Secret"],
      ];
      for (const [plural, kind] of kinds)
        await times(foreign / kinds.length, (number) =>
          cluster.client.request({
            method: "POST",
            path: `/api/v1/namespaces/default/${plural}`,
            body: { apiVersion: "v1", kind, metadata: { name: `foreign-${number}` }, stringData: undefined },
          }),
        );
      await cluster.kubectlApply(revenprox("one"));
      await withOperator(cluster, { environment: { WATCH_NAMESPACE: namespace } }, async (operator) => {
        await condition(cluster, "one", ["Ready", "False"]);
        const cached = await operator.metric("revenprox_operator_cached_objects");
        expect(cached).toBeGreaterThan(8);
        expect(cached).toBeLessThan(40);
        const asked = (await cluster.operatorRequests()).filter(({ verb, objectRef }) => {
          const resource = objectRef?.resource ?? "";
          return ["list", "watch"].includes(verb) && !["revenproxes", "storageclasses"].includes(resource);
        });
        expect(asked.length).toBeGreaterThan(5);
        for (const { requestURI } of asked) expect(requestURI).toMatch(/[?&]labelSelector=app/);
        for (const { requestURI } of asked) expect(requestURI).toMatch(expectedPath);
        expect(asked.map(({ objectRef }) => objectRef?.resource)).not.toContain("secrets");
      });
    },
    900_000,
  );
});
