import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { revenproxSpec } from "@revenprox/contract/resource/spec";
import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import { describe, expect, test } from "vitest";
import type { ApplyOutcome, ClusterFacts, DesiredObject, StatusInput } from "./ports.ts";
import { type Cluster, reconcile } from "./reconcile.ts";

const resource = (metadata: Partial<RevenProx["metadata"]> = {}): RevenProx => ({
  apiVersion: "revenprox.io/v1alpha1",
  kind: "RevenProx",
  metadata: { name: "r", namespace: "n", uid: "u", generation: 1, resourceVersion: "1", ...metadata },
  spec: revenproxSpec.parse({}),
});
const object = (name: string): DesiredObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "n" },
});
const refOf = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", name });
const ready: RevenProxStatus = {
  conditions: [
    { type: "Ready", status: "True", reason: "AllReady", message: "", lastTransitionTime: "2026-11-23T00:00:00Z" },
  ],
};
const facts: ClusterFacts = {
  monitoring: { serviceMonitor: false, prometheusRule: false },
  defaultStorageClass: undefined,
  secrets: {
    publishKey: { exists: true },
    managementTokens: { exists: true },
    natsUsers: { exists: true },
    natsCredentials: undefined,
  },
};

const harness = (options: {
  readonly revenprox?: RevenProx;
  readonly outcomes?: Readonly<Record<string, ApplyOutcome>>;
  readonly desired?: () => readonly DesiredObject[];
  readonly status?: RevenProxStatus;
}) => {
  const done: string[] = [];
  let seen: StatusInput | undefined;
  const cluster: Cluster = {
    read: () => options.revenprox,
    ensureSecrets: async () => [],
    facts: async () => facts,
    children: () => [],
    apply: async (_, { metadata: { name } }) => {
      done.push(`apply ${name}`);
      return options.outcomes?.[name] ?? { kind: "unchanged", ref: refOf(name) };
    },
    prune: async () => {
      done.push("prune");
      return [];
    },
    observe: () => ({ objects: [], pods: [] }),
    workload: () => undefined,
    patchStatus: async () => done.push("status") > 0,
    record: async (_, { reason }) => void done.push(`event ${reason}`),
  };
  const run = () =>
    reconcile(
      {
        cluster,
        settings: { proxyImage: "p", natsImage: "n", runbookBaseUrl: "" },
        desired: options.desired ?? (() => [object("a"), object("b")]),
        status: (input) => {
          seen = input;
          return options.status ?? ready;
        },
        now: () => new Date(0),
      },
      "n/r",
    );
  return { run, done, seen: () => seen };
};

describe("reconcile", () => {
  test.each([
    ["gone", undefined],
    ["being deleted", resource({ deletionTimestamp: "2026-11-23T00:00:00Z" })],
  ])("does nothing for a resource that is %s", async (_, revenprox) => {
    const { run, done } = harness(revenprox === undefined ? {} : { revenprox });
    expect(await run()).toEqual({ kind: "done" });
    expect(done).toEqual([]);
  });

  test("applies in order, prunes, then says so in the status", async () => {
    const { run, done } = harness({ revenprox: resource() });
    expect(await run()).toEqual({ kind: "retry-after", seconds: 60 });
    expect(done).toEqual(["apply a", "apply b", "prune", "status", "event AllReady"]);
  });

  test("a child that fails stops no other, but nothing is pruned", async () => {
    const outcomes = { a: { kind: "failed", ref: refOf("a"), message: "no answer" } } as const;
    const { run, done } = harness({ revenprox: resource(), outcomes });
    expect(await run()).toEqual({ kind: "failed", message: "ConfigMap a: no answer" });
    expect(done).toEqual(["apply a", "apply b", "status", "event AllReady"]);
  });

  test("a foreign object is waited for", async () => {
    const outcomes = { a: { kind: "name-conflict", ref: refOf("a"), owner: "nobody" } } as const;
    const { run } = harness({ revenprox: resource(), outcomes });
    expect(await run()).toEqual({ kind: "retry-after", seconds: 20 });
  });

  test("a resource that cannot be turned into objects reaches the status, and nothing is pruned", async () => {
    const desired = () => {
      throw new RangeError("journal too small");
    };
    const { run, done, seen } = harness({ revenprox: resource(), desired, status: {} });
    await run();
    expect(seen()?.apply).toMatchObject([{ kind: "refused", reason: "RangeError", message: "journal too small" }]);
    expect(done).toEqual(["status", "event ApplyRefused"]);
  });
});
