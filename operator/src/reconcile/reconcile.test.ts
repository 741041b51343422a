import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { revenproxSpec } from "@revenprox/contract/resource/spec";
import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import { describe, expect, test } from "vitest";
import type { HealingDecision } from "../healing/decide.ts";
import { createScaler } from "../scaling/scaler.ts";
import { createPasses } from "./passes.ts";
import type { ApplyOutcome, ClusterFacts, DesiredObject, StatusInput } from "./ports.ts";
import { type Cluster, reconcile } from "./reconcile.ts";
import { report } from "./report.ts";

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
  gateway: { httpRoute: false },
  keda: { scaledObject: false },
  defaultStorageClass: undefined,
  secrets: {
    publishKey: { exists: true },
    managementTokens: { exists: true },
    natsUsers: { exists: true },
    natsTls: undefined,
    natsCredentials: undefined,
    missing: [],
  },
};

const harness = (options: {
  readonly revenprox?: RevenProx;
  readonly outcomes?: Readonly<Record<string, ApplyOutcome>>;
  readonly desired?: () => readonly DesiredObject[];
  readonly status?: RevenProxStatus;
  readonly decision?: HealingDecision;
}) => {
  const done: string[] = [];
  let seen: StatusInput | undefined;
  let current = options.revenprox;
  const cluster: Cluster = {
    read: () => current,
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
    scaling: { liveReplicas: () => undefined, loads: async () => [], setScale: async () => undefined },
    rollout: async (_, wanted) => ({ replicas: wanted, paused: false, outcomes: [] }),
    journalVolumes: { grow: async () => undefined, replaceStatefulSet: async () => false },
    nats: {
      known: () => [],
      isDue: () => false,
      ask: async () => undefined,
      evict: async () => ({ kind: "evicted" }),
    },
    rehearse: () => ({
      cluster: {
        ...cluster,
        apply: async (_, { metadata: { name } }) => ({ kind: "planned", ref: refOf(name), action: "Change" }),
      },
      writes: () => [],
    }),
    evict: async (_, { name }) => {
      done.push(`evict ${name}`);
      return { kind: "evicted" };
    },
    patchStatus: async (_, __, condition) =>
      done.push(condition?.ifUnchanged === true ? "status if unchanged" : "status") > 0,
    record: async (_, { reason }) => void done.push(`event ${reason}`),
  };
  const dependencies = {
    cluster,
    settings: { proxyImage: "p", natsImage: "n", runbookBaseUrl: "" },
    desired: options.desired ?? (() => [object("a"), object("b")]),
    status: (input: StatusInput) => {
      seen = input;
      return options.status ?? ready;
    },
    now: () => new Date(0),
    passes: createPasses(),
    scaler: createScaler({ now: () => 0, onDecided: () => undefined }),
    healer: {
      look: () =>
        ({
          decision: options.decision ?? { kind: "none" },
          ailing: [],
          counted: [],
          maxPerHour: 3,
          againSeconds: 60,
        }) as const,
      forgetAll: () => undefined,
    },
    askForReport: (key: string) => void done.push(`ask ${key}`),
  };
  return {
    run: () => reconcile(dependencies, "n/r"),
    report: () => report(dependencies, "n/r"),
    done,
    seen: () => seen,
    become: (revenprox: RevenProx | undefined) => (current = revenprox),
  };
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

  test("applies in order, prunes, then asks for a report", async () => {
    const { run, done } = harness({ revenprox: resource() });
    expect(await run()).toEqual({ kind: "retry-after", seconds: 60 });
    expect(done).toEqual(["apply a", "apply b", "prune", "ask n/r"]);
  });

  test("a child that fails stops no other, but nothing is pruned", async () => {
    const outcomes = { a: { kind: "failed", ref: refOf("a"), message: "no answer" } } as const;
    const { run, done } = harness({ revenprox: resource(), outcomes });
    expect(await run()).toEqual({ kind: "failed", message: "ConfigMap a: no answer" });
    expect(done).toEqual(["apply a", "apply b", "ask n/r"]);
  });

  test("in a namespace that ends the pass ends quietly at the first object that cannot be made", async () => {
    const outcomes = { a: { kind: "namespace-ends", ref: refOf("a") } } as const;
    const { run, done } = harness({ revenprox: resource(), outcomes });
    expect(await run()).toEqual({ kind: "done" });
    expect(done).toEqual(["apply a"]);
  });

  test("what was put back is told, and a foreign object is waited for", async () => {
    const outcomes = {
      a: { kind: "name-conflict", ref: refOf("a"), owner: "nobody" },
      b: { kind: "drift-corrected", ref: refOf("b"), manager: "kubectl", fields: [".data"] },
    } as const;
    const { run, done } = harness({ revenprox: resource(), outcomes });
    expect(await run()).toEqual({ kind: "retry-after", seconds: 20 });
    expect(done.slice(-3)).toEqual(["ask n/r", "event NameConflict", "event DriftCorrected"]);
  });

  test("a resource that cannot be turned into objects reaches the status, and nothing is pruned", async () => {
    const desired = () => {
      throw new RangeError("journal too small");
    };
    const { run, report: tell, done, seen } = harness({ revenprox: resource(), desired, status: {} });
    await run();
    await tell();
    expect(seen()?.apply).toMatchObject([{ kind: "refused", reason: "RangeError", message: "journal too small" }]);
    expect(done).toEqual(["ask n/r", "status"]);
  });
});

describe("a report", () => {
  test("says what the last pass did, writes no child, and is due again", async () => {
    const { run, report: tell, done, seen } = harness({ revenprox: resource() });
    await run();
    done.length = 0;
    expect(await tell()).toEqual({ kind: "retry-after", seconds: 60 });
    expect(done).toEqual(["status", "event AllReady"]);
    expect(seen()?.desired.map(({ metadata }) => metadata.name)).toEqual(["a", "b"]);
  });

  test("of a resource that is not ready is due sooner", async () => {
    const { run, report: tell } = harness({ revenprox: resource(), status: {} });
    await run();
    expect(await tell()).toEqual({ kind: "retry-after", seconds: 20 });
  });

  test.each([
    ["had no pass in this generation", resource({ generation: 2 })],
    ["is another one of the same name", resource({ uid: "other" })],
    ["is being deleted", resource({ deletionTimestamp: "2026-11-23T00:00:00Z" })],
    ["is gone", undefined],
  ])("of a resource that %s says nothing", async (_, now) => {
    const { run, report: tell, done, become } = harness({ revenprox: resource() });
    await run();
    done.length = 0;
    become(now);
    expect(await tell()).toEqual({ kind: "done" });
    expect(done).toEqual([]);
  });
});

describe("a proxy that is to be replaced", () => {
  const ailment = { pod: "r-1", uid: "u1", cause: "NatsLost", since: 0, seenAt: 1 } as const;

  test("is put on the budget first, by a write that fails when another operator has written", async () => {
    const { run, report: tell, done } = harness({ revenprox: resource(), decision: { kind: "replace", ailment } });
    await run();
    done.length = 0;
    await tell();
    expect(done.slice(0, 3)).toEqual(["status if unchanged", "evict r-1", "event ProxyReplaced"]);
  });

  test("stays when the budget is used up", async () => {
    const {
      run,
      report: tell,
      done,
    } = harness({ revenprox: resource(), decision: { kind: "exhausted", due: [ailment] } });
    await run();
    await tell();
    expect(done).not.toContain("evict r-1");
  });
});

describe("plan mode", () => {
  const planned = resource({ annotations: { "revenprox.io/plan": "true" } });

  test("only rehearses: no write but the status, no event", async () => {
    const { run, report: tell, done, seen } = harness({ revenprox: planned });
    expect(await run()).toEqual({ kind: "retry-after", seconds: 60 });
    await tell();
    expect(seen()?.apply.map(({ kind }) => kind)).toEqual(["planned", "planned"]);
    expect(done).toEqual(["prune", "ask n/r", "status"]);
  });

  test("nothing is told, and nobody replaced, between the annotation and its pass", async () => {
    const ailment = { pod: "r-1", uid: "u1", cause: "NatsLost", since: 0, seenAt: 1 } as const;
    const {
      run,
      report: tell,
      done,
      become,
    } = harness({ revenprox: resource(), decision: { kind: "replace", ailment } });
    await run();
    become(planned);
    done.length = 0;
    expect(await tell()).toEqual({ kind: "done" });
    expect(done).toEqual([]);
  });
});
