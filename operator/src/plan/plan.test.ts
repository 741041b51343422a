import { revenproxStatus } from "@revenprox/contract/resource/status";
import { type PlanStatus, planBounds } from "@revenprox/contract/resource/status-plan";
import { describe, expect, test } from "vitest";
import type { KubernetesObject } from "../reconcile/ports.ts";
import { fieldDiff } from "./field-diff.ts";
import { planStatusOf } from "./plan-status.ts";
import type { RecordedWrite } from "./recorded-write.ts";

describe("fields that differ", () => {
  test.each<readonly [string, unknown, unknown, unknown]>([
    ["nothing", { a: { b: [1, 2] } }, { a: { b: [1, 2] } }, []],
    ["a value", { spec: { replicas: 3 } }, { spec: { replicas: 5 } }, [{ path: ".spec.replicas", from: "3", to: "5" }]],
    ["a field more", { spec: {} }, { spec: { paused: true } }, [{ path: ".spec.paused", to: "true" }]],
    ["a field less", { spec: { a: "x" } }, { spec: {} }, [{ path: ".spec.a", from: "x" }]],
    ["a whole part more", { spec: {} }, { spec: { a: { b: 1 } } }, [{ path: ".spec.a", to: '{"b":1}' }]],
    [
      "an item by its name",
      { c: [{ name: "a", image: "1" }, { name: "b" }] },
      { c: [{ name: "b" }, { name: "a", image: "2" }] },
      [{ path: ".c[a].image", from: "1", to: "2" }],
    ],
    [
      "an item less",
      { c: [{ name: "a" }, { name: "b" }] },
      { c: [{ name: "b" }] },
      [{ path: ".c[a]", from: '{"name":"a"}' }],
    ],
    ["items without names by their places", { c: [1, 2] }, { c: [1, 3] }, [{ path: ".c[1]", from: "2", to: "3" }]],
    [
      "items of one name by their places",
      { c: [{ name: "a" }, { name: "a" }] },
      { c: [{ name: "a" }, { name: "a", x: 1 }] },
      [{ path: ".c[1].x", to: "1" }],
    ],
    [
      "of a text only the lines that differ",
      { data: { "proxy.toml": "a = 1\nb = 2\nc = 3\n" } },
      { data: { "proxy.toml": "a = 1\nb = 5\nc = 3\n" } },
      [{ path: ".data.proxy.toml", from: "b = 2", to: "b = 5" }],
    ],
    [
      "bookkeeping counts for nothing",
      {
        metadata: { resourceVersion: "1", generation: 1, annotations: { "revenprox.io/applied-hash": "a" } },
        status: 1,
      },
      {
        metadata: { resourceVersion: "2", generation: 2, annotations: { "revenprox.io/applied-hash": "b" } },
        status: 2,
      },
      [],
    ],
  ])("%s", (_, before, after, expected) => {
    expect(fieldDiff(before, after)).toEqual(expected);
  });
});

const object = (kind: string, spec: unknown): KubernetesObject => ({
  apiVersion: "v1",
  kind,
  metadata: { name: "web" },
  spec,
});
const write = (kind: string, action: RecordedWrite["action"], before?: unknown, after?: unknown): RecordedWrite => ({
  ref: { apiVersion: "v1", kind, name: "web" },
  action,
  ...(before === undefined ? {} : { before: object(kind, before) }),
  ...(after === undefined ? {} : { after: object(kind, after) }),
});
const planned = (writes: readonly RecordedWrite[], open: number | undefined): PlanStatus =>
  planStatusOf({ generation: 4, writes, outcomes: [], open });
const proxies = (replicas: number, image = "1") => ({
  replicas,
  template: { spec: { containers: [{ name: "proxy", image }] } },
});

describe("what a plan says of pods and streams", () => {
  test.each<readonly [string, readonly RecordedWrite[], number | undefined, string]>([
    ["nothing", [], 1_000, "Nothing would change."],
    [
      "another template",
      [write("Deployment", "Change", proxies(3), proxies(3, "2"))],
      1_000,
      "1 object would be changed, 3 proxies would restart, 1000 streams would move.",
    ],
    [
      "fewer pods",
      [write("Deployment", "Change", proxies(5), proxies(2))],
      1_000,
      "1 object would be changed, 3 proxies would go, 600 streams would move.",
    ],
    [
      "one pod fewer",
      [write("Deployment", "Change", proxies(2), proxies(1))],
      2,
      "1 object would be changed, 1 proxy would go, 1 stream would move.",
    ],
    [
      "more pods",
      [write("Deployment", "Change", proxies(2), proxies(5))],
      1_000,
      "1 object would be changed, no pod would restart.",
    ],
    [
      "fewer pods of another template",
      [write("Deployment", "Change", proxies(5), proxies(2, "2"))],
      undefined,
      "1 object would be changed, 2 proxies would restart, 3 proxies would go.",
    ],
    [
      "NATS alone moves no stream",
      [write("StatefulSet", "Change", proxies(3), proxies(3, "2")), write("NetworkPolicy", "Delete", {})],
      1,
      "1 object would be changed, 1 object would be deleted, 3 NATS servers would restart, 0 streams would move.",
    ],
    [
      "a hot key",
      [write("ConfigMap", "Change", { a: 1 }, { a: 2 })],
      1,
      "1 object would be changed, no pod would restart.",
    ],
    ["a write without a difference", [write("Service", "Change", { a: 1 }, { a: 1 })], 1, "Nothing would change."],
  ])("%s", (_, writes, open, summary) => {
    expect(planned(writes, open).summary).toBe(summary);
  });
});

describe("the bounds of a plan", () => {
  test("no diff makes it larger than the CRD allows, and what is left out is counted", () => {
    const fields = (value: string) =>
      Object.fromEntries(Array.from({ length: 90 }, (_, index) => [`f${index}`, value]));
    const writes = Array.from({ length: 80 }, (_, index) => {
      const each = write("ConfigMap", "Change", fields("a".repeat(5_000)), fields("b".repeat(5_000)));
      return { ...each, ref: { ...each.ref, name: `web-${index}` } };
    });
    const plan = planned(writes, 1);
    expect(revenproxStatus.safeParse({ plan }).error).toBeUndefined();
    expect(plan.changes).toHaveLength(planBounds.changes);
    expect(plan.changes.flatMap(({ fields: shown }) => shown ?? [])).toHaveLength(planBounds.fields);
    expect(plan.omitted).toBe(20 + planBounds.changes * 90 - planBounds.fields);
    expect(JSON.stringify(plan).length).toBeLessThan(200_000);
  });

  test("a Secret shows no field", () => {
    const [change] = planned([write("Secret", "Change", { password: "a" }, { password: "b" })], 1).changes;
    expect(change).toEqual({ kind: "Secret", name: "web", action: "Change" });
  });

  test("what could not be tried is said, so that nobody takes the plan for the whole", () => {
    const ref = { apiVersion: "v1", kind: "Service", name: "web" };
    const outcomes = [{ kind: "failed", ref, message: "no answer" }] as const;
    const { changes, summary } = planStatusOf({ generation: 1, writes: [], outcomes, open: undefined });
    expect(changes).toEqual([{ kind: "Service", name: "web", action: "Unknown", message: "no answer" }]);
    expect(summary).toBe("1 object could not be tried and will be again, no pod would restart.");
  });

  test("what the API server refuses is said", () => {
    const ref = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
    const outcomes = [{ kind: "refused", ref, status: 422, reason: "Invalid", message: "no such volume" }] as const;
    const { changes, summary } = planStatusOf({ generation: 1, writes: [], outcomes, open: undefined });
    expect(changes).toEqual([{ kind: "Deployment", name: "web", action: "Refused", message: "no such volume" }]);
    expect(summary).toBe("1 object would be refused, no pod would restart.");
  });
});
