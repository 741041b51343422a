import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import { describe, expect, test } from "vitest";
import type { ApplyOutcome, KubernetesObject } from "../reconcile/ports.ts";
import { settledInput, testTime } from "../testing/live.ts";
import { refOf, withOutcome } from "../testing/status-case.contract.ts";
import { status } from "./index.ts";

describe("children", () => {
  const childOf = (result: RevenProxStatus, kind: string, name = "web") =>
    result.children?.find((child) => child.kind === kind && child.name === name);

  test("Secrets come first, by name", () => {
    const list = status(settledInput({})).children ?? [];
    expect(list.slice(0, 4).map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "Secret web-publish-key",
      "Secret web-management-tokens",
      "Secret web-nats-users",
      "ServiceAccount web",
    ]);
  });

  test("a Deployment that somebody has paused says who can go on with it; one that the operator has paused does not", () => {
    const paused = (object: KubernetesObject) =>
      object.kind === "Deployment"
        ? { ...object, spec: { ...(object["spec"] as object), paused: true }, status: { observedGeneration: 1 } }
        : object;
    const input = settledInput({});
    const observed = { objects: input.observed.objects.map(paused), pods: [] };
    const byOthers = childOf(status({ ...input, observed }), "Deployment");
    const byOperator = childOf(status({ ...input, observed, desired: input.desired.map(paused) }), "Deployment");
    expect(byOthers?.message).toMatch(/0 of 3 pods .* kubectl rollout resume deployment\/web/);
    expect(byOperator?.message).toBe("0 of 3 pods are of the present revision.");
  });

  test("a Deployment past its deadline has failed, unless that was said of an earlier spec", () => {
    const stuck = (observedGeneration: number) => (object: KubernetesObject) =>
      object.kind === "Deployment"
        ? {
            ...object,
            metadata: { ...object.metadata, generation: 2 },
            status: { observedGeneration, conditions: [{ type: "Progressing", reason: "ProgressDeadlineExceeded" }] },
          }
        : object;
    const input = settledInput({});
    const healthOf = (observedGeneration: number) => {
      const observed = { objects: input.observed.objects.map(stuck(observedGeneration)), pods: [] };
      return childOf(status({ ...input, observed }), "Deployment")?.health;
    };
    expect([healthOf(2), healthOf(1)]).toEqual(["Failed", "InProgress"]);
  });

  test("one that is absent, one that is going, one whose name is taken", () => {
    const input = settledInput({});
    const objects = input.observed.objects
      .filter(({ kind }) => kind !== "ServiceAccount")
      .map((object) =>
        object.kind === "ServiceMonitor"
          ? { ...object, metadata: { ...object.metadata, deletionTimestamp: testTime } }
          : object,
      );
    const outcome: ApplyOutcome = { kind: "name-conflict", ref: refOf("Service"), owner: "Ingress shop" };
    const result = status({ ...withOutcome(input, outcome), observed: { objects, pods: [] } });
    expect(childOf(result, "ServiceAccount")?.health).toBe("InProgress");
    expect(childOf(result, "ServiceMonitor")?.message).toMatch(/being deleted/);
    expect(childOf(result, "Service")).toMatchObject({
      health: "Failed",
      message: expect.stringContaining("Ingress shop"),
    });
  });
});
