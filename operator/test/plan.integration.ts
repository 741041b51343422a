import type { PlannedChange, PlanStatus } from "@revenprox/contract/resource/status-plan";
import { describe, expect, test } from "vitest";
import { coreChildKinds, deploymentKind, pathOf, secretKind } from "../src/kube/kinds.ts";
import { fieldDiff } from "../src/plan/field-diff.ts";
import type { KubernetesObject } from "../src/reconcile/ports.ts";
import { type AuditEvent, condition, eventually, revenprox, revenproxPath, statusOf } from "./support/cluster.ts";
import { clusterOfFile, operatorOfFile } from "./support/stage.ts";

const merge = "application/merge-patch+json";
/** Seconds; the machine may have other work. */
const patience = 90;
const annotation = "revenprox.io/plan";

const cluster = clusterOfFile();
const operator = operatorOfFile(cluster);

/** Every child of the resource in full, Secrets by their names only. */
const childrenOf = async (name: string): Promise<ReadonlyMap<string, KubernetesObject>> => {
  const lists = [...coreChildKinds, secretKind].map(async (kind) => {
    const query = { labelSelector: `app.kubernetes.io/instance=${name}` };
    const answer = await cluster.client.request({ method: "GET", path: pathOf(kind, "default"), query });
    const { items } = answer as { readonly items: readonly KubernetesObject[] };
    return items.map((item): [string, KubernetesObject] => [`${kind.kind} ${item.metadata.name}`, item]);
  });
  return new Map((await Promise.all(lists)).flat());
};

let made = 0;
/** A test that is tried again begins with a resource of its own. */
const fresh = (name: string): string => `${name}-${made++}`;

const planning = (name: string, spec: unknown) => {
  const object = revenprox(name, spec);
  return { ...object, metadata: { ...object.metadata, annotations: { [annotation]: "true" } } };
};

const planOf = (name: string, generation?: number): Promise<PlanStatus> =>
  eventually(
    `${name} has a plan`,
    async () => {
      const { plan } = await statusOf(cluster, name);
      return plan !== undefined && (generation === undefined || plan.generation === generation) ? plan : undefined;
    },
    patience,
  );

const generationOf = async (name: string): Promise<number> =>
  (await cluster.get(revenproxPath(name)))?.metadata.generation ?? 0;

/** Writes of the operator that were kept: no dry run, no Lease. */
const isKept = ({ verb, requestURI, objectRef }: AuditEvent): boolean =>
  ["create", "update", "patch", "delete"].includes(verb) &&
  !requestURI.includes("dryRun=All") &&
  objectRef?.subresource !== "status";

/** What the plan would be of what was written. */
const realChanges = (
  before: ReadonlyMap<string, KubernetesObject>,
  after: ReadonlyMap<string, KubernetesObject>,
): readonly PlannedChange[] =>
  [...new Set([...before.keys(), ...after.keys()])].flatMap((key): readonly PlannedChange[] => {
    const [kind = "", name = ""] = key.split(" ");
    const [old, now] = [before.get(key), after.get(key)];
    if (old === undefined) return [{ kind, name, action: "Create" }];
    if (now === undefined) return [{ kind, name, action: "Delete" }];
    const fields = fieldDiff(old, now);
    const short = (text: string | undefined) =>
      text !== undefined && text.length > 256 ? `${text.slice(0, 255)}…` : text;
    const shown = fields.map(({ path, from, to }) => ({
      path,
      ...(from === undefined ? {} : { from: short(from) }),
      ...(to === undefined ? {} : { to: short(to) }),
    })) as NonNullable<PlannedChange["fields"]>;
    return fields.length === 0 ? [] : [{ kind, name, action: "Change", fields: shown }];
  });

const sorted = (changes: readonly PlannedChange[]): readonly PlannedChange[] =>
  changes.toSorted((a, b) => (`${a.kind} ${a.name}` < `${b.kind} ${b.name}` ? -1 : 1));

/** Plays the controller of the Deployment, which a step to fewer pods waits for. */
const seeDeployment = async (name: string): Promise<void> => {
  const path = pathOf(deploymentKind, "default", name);
  const { metadata } = await eventually(`${name} has a Deployment`, () => cluster.get(path), patience);
  const body = { status: { observedGeneration: metadata.generation } };
  await cluster.client.request({ method: "PATCH", path: `${path}/status`, contentType: merge, body });
};

const settledWith = async (name: string): Promise<ReadonlyMap<string, KubernetesObject>> => {
  const generation = await generationOf(name);
  await eventually(
    `${name} was passed over`,
    async () => {
      const { observedGeneration, plan } = await statusOf(cluster, name);
      return observedGeneration === generation && plan === undefined;
    },
    patience,
  );
  await seeDeployment(name);
  return childrenOf(name);
};

describe("a plan, then the apply, give the same diff", () => {
  const base = { replicas: 3, config: { http: { maxConnections: 1_000 }, logLevel: "info" } };
  test.each<readonly [name: string, spec: Record<string, unknown>, restarts: PlanStatus["restarts"]]>([
    ["hot-key", { ...base, config: { ...base.config, logLevel: "debug" } }, { proxies: 0, natsServers: 0 }],
    [
      "cold-key",
      { ...base, config: { http: { maxConnections: 1_000, engine: "node" } } },
      { proxies: 3, natsServers: 0 },
    ],
    ["image", { ...base, image: "localhost/other:2" }, { proxies: 3, natsServers: 0 }],
    ["more", { ...base, replicas: 5 }, { proxies: 0, natsServers: 0 }],
    ["fewer", { ...base, replicas: 1 }, { proxies: 0, natsServers: 0 }],
    ["pod-label", { ...base, replicas: 2, pod: { labels: { team: "a" } } }, { proxies: 2, natsServers: 0 }],
    ["less-policy", { ...base, networkPolicy: { enabled: false } }, { proxies: 0, natsServers: 0 }],
    ["an-ingress", { ...base, ingress: { hosts: ["a.example"] } }, { proxies: 0, natsServers: 0 }],
    ["nats-image", { ...base, nats: { managed: { image: "localhost/nats:2" } } }, { proxies: 0, natsServers: 1 }],
    [
      "many",
      {
        replicas: 4,
        image: "localhost/other:3",
        config: { logLevel: "warn", http: { maxConnections: 5 } },
        podDisruptionBudget: { enabled: false },
        service: { type: "NodePort", nodePort: 30_422, annotations: { a: "b" } },
        resources: { requests: { cpu: "1500m" } },
      },
      { proxies: 3, natsServers: 0 },
    ],
    ["nothing", base, { proxies: 0, natsServers: 0 }],
  ])("%s", async (edit, spec, restarts) => {
    const name = fresh(edit);
    await cluster.kubectlApply(revenprox(name, base));
    const before = await settledWith(name);
    await cluster.kubectlApply(planning(name, spec));
    const plan = await planOf(name, await generationOf(name));
    // A second pass changes nothing in it.
    expect(await childrenOf(name)).toEqual(before);
    expect(plan.restarts).toEqual(restarts);
    await cluster.kubectl("annotate", "revenprox", name, `${annotation}-`);
    const after = await settledWith(name);
    expect(sorted(plan.changes)).toEqual(sorted(realChanges(before, after)));
    if (edit === "nothing") expect(plan.summary).toBe("Nothing would change.");
    else expect(plan.changes).not.toEqual([]);
  });
});

describe("while the annotation is there", () => {
  test("nothing is written but the status, and it is Stalled, not Ready, until the plan is empty", async () => {
    const name = fresh("quiet");
    await cluster.kubectlApply(revenprox(name));
    await settledWith(name);
    const start = (await cluster.operatorRequests()).length;
    await cluster.kubectlApply(planning(name, { image: "localhost/other:2", ingress: { hosts: ["a.example"] } }));
    const stalled = await condition(cluster, name, ["Stalled", "True"]);
    expect(stalled.reason).toBe("PlanOnly");
    const status = await statusOf(cluster, name);
    expect(status.conditions?.find(({ type }) => type === "Ready")).toMatchObject({
      status: "False",
      reason: "PlanOnly",
    });
    // What is only planned is no image that was ever run.
    expect(status.image).toBe("localhost/revenprox-proxy:test");
    // Of other resources events may still be under way.
    const ofThis = ({ requestURI, objectRef }: AuditEvent) => `${requestURI} ${objectRef?.name}`.includes(name);
    const seen = (await cluster.operatorRequests()).slice(start).filter(ofThis);
    expect(seen.some(({ requestURI }) => requestURI.includes("dryRun=All"))).toBe(true);
    expect(seen.filter(isKept)).toEqual([]);
  });

  test("a new resource is planned, and no Secret is shown", async () => {
    const name = fresh("unborn");
    await cluster.kubectlApply(planning(name, {}));
    const plan = await planOf(name);
    expect(new Set(plan.changes.map(({ action }) => action))).toEqual(new Set(["Create"]));
    expect(plan.changes.filter(({ kind }) => kind === "Secret").map(({ name }) => name)).toEqual([
      `${name}-management-tokens`,
      `${name}-nats-users`,
      `${name}-publish-key`,
    ]);
    expect((await childrenOf(name)).size).toBe(0);
    await cluster.kubectl("annotate", "revenprox", name, `${annotation}-`);
    const made = await settledWith(name);
    expect(sorted(plan.changes)).toEqual(sorted(realChanges(new Map(), made)));
  });

  test("what the API server refuses is in the plan", async () => {
    const name = fresh("refused");
    await cluster.kubectlApply(revenprox(name));
    await settledWith(name);
    const spec = { pod: { tolerations: [{ key: "a", operator: "Exists", effect: "NoSchedule", value: "x" }] } };
    await cluster.kubectlApply(planning(name, spec));
    const plan = await planOf(name, 2);
    expect(plan.changes.map(({ kind, action }) => `${kind} ${action}`)).toEqual(["Deployment Refused"]);
    expect(plan.changes[0]?.message).toContain("tolerations");
    await condition(cluster, name, ["Stalled", "True"]);
    expect((await statusOf(cluster, name)).conditions?.find(({ type }) => type === "Stalled")?.reason).toBe(
      "PodTemplateInvalid",
    );
  });
});

test("what the API server would assign by lot does not change the plan at each pass", async () => {
  const name = fresh("lots");
  await cluster.kubectlApply(revenprox(name));
  await settledWith(name);
  await cluster.kubectlApply(planning(name, { service: { type: "NodePort" } }));
  const plan = await planOf(name, 2);
  expect(plan.changes.flatMap(({ fields }) => fields ?? [])).toContainEqual({
    path: ".spec.ports[http].nodePort",
    to: "any free one",
  });
  // Another plan of the same: the annotation goes and comes again.
  await cluster.kubectlApply(revenprox(name));
  await settledWith(name);
  await cluster.kubectlApply(planning(name, { service: { type: "NodePort" } }));
  expect((await planOf(name, 4)).changes).toEqual(plan.changes);
});

test("an image upgrade that waits for Automatic can be planned", async () => {
  const name = fresh("kept");
  await cluster.kubectlApply(revenprox(name));
  await settledWith(name);
  const before = (await statusOf(cluster, name)).image;
  const newer = `localhost/revenprox-proxy:newer-${made}`;
  await operator.restart({ environment: { PROXY_IMAGE: newer } });
  await condition(cluster, name, ["UpgradePending", "True"]);
  await cluster.kubectlApply(planning(name, { upgradePolicy: "Automatic" }));
  const plan = await planOf(name, 2);
  expect(plan.restarts).toEqual({ proxies: 3, natsServers: 0 });
  expect(plan.changes.flatMap(({ fields }) => fields ?? [])).toEqual([
    {
      path: ".spec.template.spec.containers[proxy].image",
      from: before,
      to: newer,
    },
  ]);
  // Given up again: what was planned is not taken for what was kept.
  await cluster.kubectlApply(revenprox(name, { upgradePolicy: "Manual" }));
  await settledWith(name);
  expect((await statusOf(cluster, name)).image).toBe(before);
});
