import { describe, expect, test } from "vitest";
import type { KubeClient, KubeRequest } from "../src/kube/client.ts";
import { configMapKind, coreTargets, deploymentKind, pathOf } from "../src/kube/kinds.ts";
import { KubeError } from "../src/kube/kube-error.ts";
import type { KubernetesObject } from "../src/reconcile/ports.ts";
import { condition, eventually, isChildWrite, revenprox, revenproxPath, statusOf } from "./support/cluster.ts";
import { childrenOf } from "./support/end-state.ts";
import { withOperator } from "./support/operator.ts";
import { untilQuiet } from "./support/quiet.ts";
import { clusterOfFile, operatorOfFile } from "./support/stage.ts";

const isFull = process.env["REVENPROX_TEST_FULL"] !== undefined;
const patience = 90;
const merge = "application/merge-patch+json";
const leasePath = "/apis/coordination.k8s.io/v1/namespaces/default/leases/revenprox-operator";

const cluster = clusterOfFile();

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A client whose calls go through `meet`, which throws in the API server's place. */
const meeting =
  (meet: (call: Pick<KubeRequest, "path"> & { readonly method: string }) => Promise<void>) =>
  (client: KubeClient): KubeClient => ({
    ...client,
    request: async (call) => {
      await meet(call);
      return client.request(call);
    },
    lines: async function* (call) {
      await meet({ method: "WATCH", path: call.path });
      yield* client.lines(call);
    },
  });

const refusal = (code: number, reason: string) =>
  new KubeError(code, JSON.stringify({ kind: "Status", code, reason, message: "the storm goes on" }), "any call");

const replicasOf = async (name: string): Promise<unknown> =>
  ((await cluster.get(pathOf(deploymentKind, "default", name)))?.["spec"] as { replicas?: number } | undefined)
    ?.replicas;

const runs = (name: string, replicas: number) =>
  eventually(`${name} has ${replicas} replicas`, async () => (await replicasOf(name)) === replicas, patience);

const edit = (name: string, spec: unknown) =>
  cluster.client.request({
    method: "PATCH",
    path: revenproxPath(name),
    contentType: merge,
    body: { spec },
  });

const childWrites = async (name: string): Promise<number> =>
  (await cluster.operatorRequests()).filter(
    (event) => isChildWrite(event) && event.objectRef?.name?.startsWith(name) === true,
  ).length;

/** Seconds; a person with a script. */
const editedFor = isFull ? 20 : 4;

describe("what others do without end", () => {
  const operator = operatorOfFile(cluster);

  test.concurrent(`a resource that is edited fifty times a second for ${editedFor} s ends as the last edit says, and leaves no litter`, async () => {
    const name = "restless";
    await cluster.kubectlApply(revenprox(name));
    await untilQuiet(cluster, name);
    const end = Date.now() + editedFor * 1_000;
    let edits = 0;
    // A cold key: each value is a configuration of its own.
    const once = () => edit(name, { config: { http: { maxHeaderSize: 4_096 + ++edits } } });
    const person = async () => {
      while (Date.now() < end) await Promise.all([once(), pause(60)]);
    };
    await Promise.all([person(), person(), person()]);
    await once();
    await untilQuiet(cluster, name);
    const found = await cluster.get(revenproxPath(name));
    expect(found?.["status"]).toMatchObject({ observedGeneration: found?.metadata.generation });
    const configs = await childrenOf<KubernetesObject>(cluster, name, configMapKind);
    const cold = configs.filter(({ immutable }) => immutable === true);
    expect(JSON.stringify(cold)).toContain(`max_header_size = ${4_096 + edits}`);
    // What the pods are made with, and the one before it for `kubectl rollout undo`.
    expect(cold.length).toBeLessThanOrEqual(2);
    expect(await operator.metric("revenprox_operator_reconcile_errors_total")).toBe(0);
  });

  test.concurrent("a child that others annotate all the time is not written, and its resource not either", async () => {
    const name = "annotated";
    await cluster.kubectlApply(revenprox(name));
    await untilQuiet(cluster, name);
    const [before, { resourceVersion }] = [
      await childWrites(name),
      (await cluster.get(revenproxPath(name)))?.metadata ?? {},
    ];
    for (let round = 1; round <= 60; round += 1)
      await cluster.client.request({
        method: "PATCH",
        path: pathOf(deploymentKind, "default", name),
        query: { fieldManager: "somebody" },
        contentType: merge,
        body: { metadata: { annotations: { round: String(round) } } },
      });
    await untilQuiet(cluster, name);
    // Those 60 were this test's, under the operator's name for a client.
    expect((await childWrites(name)) - before).toBe(60);
    expect((await cluster.get(revenproxPath(name)))?.metadata.resourceVersion).toBe(resourceVersion);
  });
});

/** In its own time; the operator's runs `speed` times faster. */
const stormSeconds = 3;
const speed = 10;

test("an API server that answers 429 and 500 to all for 30 s: nothing is hammered, and all is done after", async () => {
  let calls: string[] | undefined;
  const through = meeting(async ({ method, path }) => {
    if (calls === undefined) return;
    const count = calls.push(`${method} ${path}`);
    throw count % 2 === 0 ? refusal(429, "TooManyRequests") : refusal(500, "InternalError");
  });
  await withOperator(cluster, { speed, through }, async (operator) => {
    const names = ["one", "two", "three"];
    for (const name of names) await cluster.kubectlApply(revenprox(name, { replicas: 1 }));
    await Promise.all(names.map((name) => untilQuiet(cluster, name)));
    calls = [];
    for (const name of names) await edit(name, { replicas: 2 });
    await pause(stormSeconds * 1_000);
    const during = calls;
    calls = undefined;
    for (const name of names) await runs(name, 2);
    for (const name of names) await condition(cluster, name, ["Ready", "False"]);
    // Thirty seconds of back-off are at most six tries a resource and queue, of a few calls each.
    const byPath = during.filter((call) => !call.startsWith("WATCH") && call.includes("/namespaces/default/"));
    expect(byPath.length).toBeGreaterThan(names.length);
    expect(byPath.length, byPath.join(" ")).toBeLessThan(names.length * 6 * 10);
    expect((await operator.get("/livez")).status).toBe(200);
    // Watches go on from where they were.
    expect(await operator.metric("revenprox_operator_list_total")).toBe(coreTargets.length);
  });
});

test("writes that meet a conflict three times each are done at the fourth", async () => {
  const met = new Map<string, number>();
  const through = meeting(async ({ method, path }) => {
    if (["GET", "WATCH"].includes(method) || path.endsWith("/events")) return;
    const count = (met.get(`${method} ${path}`) ?? 0) + 1;
    met.set(`${method} ${path}`, count);
    if (count <= 3) throw refusal(409, "Conflict");
  });
  await withOperator(cluster, { speed, through }, async () => {
    await cluster.kubectlApply(revenprox("contested", { replicas: 1 }));
    await runs("contested", 1);
    await condition(cluster, "contested", ["Ready", "False"]);
    await untilQuiet(cluster, "contested");
    expect(met.size).toBeGreaterThan(10);
  });
});

const election = {
  LEASE_NAMESPACE: "default",
  LEASE_DURATION_SECONDS: "6",
  LEASE_RENEW_DEADLINE_SECONDS: "4",
  LEASE_RETRY_SECONDS: "1",
};

/** As somebody with kubectl; an empty holder gives it up. */
const holdLease = (holderIdentity: string) =>
  cluster.client.request({
    method: "PATCH",
    path: leasePath,
    contentType: merge,
    body: { spec: { holderIdentity, leaseDurationSeconds: 600 } },
  });

test("a leader whose Lease is taken within a pass writes nothing more, and goes on when it leads again", async () => {
  const name = "robbed";
  const deployment = pathOf(deploymentKind, "default", name);
  let said = () => "";
  let isTaken = false;
  const knows = () => eventually("it knows", async () => said().includes("leads no more"), patience);
  const through = meeting(async ({ method, path }) => {
    if (isTaken || method !== "PATCH" || path !== deployment) return;
    isTaken = true;
    await holdLease("somebody else");
    // This write is on its way for so long that the loss is known by then.
    await knows();
  });
  await withOperator(cluster, { environment: election, through }, async ({ lines, get }) => {
    said = () => lines.join("");
    await cluster.kubectlApply(revenprox(name, { replicas: 1 }));
    await eventually("it is taken", async () => isTaken, patience);
    await knows();
    await edit(name, { replicas: 4 });
    await pause(2_000);
    expect(await cluster.get(deployment)).toBeUndefined();
    await holdLease("");
    await runs(name, 4);
    await condition(cluster, name, ["Ready", "False"]);
    expect((await get("/livez")).status).toBe(200);
  });
});

test("a leader whose Lease cannot be written, while all else can, stops writing at its deadline", async () => {
  let refused = false;
  const through = meeting(async ({ path }) => {
    if (refused && path.includes("/leases")) throw refusal(500, "InternalError");
  });
  const name = "unheard";
  await withOperator(cluster, { environment: election, through }, async (operator) => {
    await cluster.kubectlApply(revenprox(name, { replicas: 1 }));
    await runs(name, 1);
    refused = true;
    await eventually(
      "it leads no more",
      async () => (await operator.metric("revenprox_operator_leader")) === 0,
      patience,
    );
    const before = (await cluster.operatorRequests()).length;
    await edit(name, { replicas: 3 });
    await pause(3_000);
    const since = (await cluster.operatorRequests()).slice(before).filter(isChildWrite);
    // The edit is this test's.
    expect(since.map(({ objectRef }) => objectRef?.resource)).toEqual(["revenproxes"]);
    expect(await statusOf(cluster, name)).toMatchObject({ observedGeneration: 1 });
    refused = false;
    await runs(name, 3);
  });
});
