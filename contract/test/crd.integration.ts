import { afterAll, beforeAll, expect, test } from "vitest";
import { type ServedCrd, serveCrd } from "./support/served-crd.ts";

const namespace = "default";
let api: ServedCrd;

beforeAll(async () => {
  api = await serveCrd();
});

afterAll(() => api.stop());

const manifest = (spec: unknown, name = "refused"): string =>
  JSON.stringify({ apiVersion: "revenprox.io/v1alpha1", kind: "RevenProx", metadata: { name, namespace }, spec });

const refusal = (resource: string): Promise<string> =>
  api.kubectl(["create", "--dry-run=server", "--filename", "-"], resource);

test.each([
  ["a misspelt field", { replica: 2 }, /unknown field "spec.replica"/],
  ["too many replicas", { replicas: 5000 }, /spec.replicas: Invalid value: 5000.*less than or equal to 1000/s],
  [
    "a value out of range",
    { config: { http: { keepaliveIntervalSec: 0 } } },
    /keepaliveIntervalSec.*greater than or equal to 1/s,
  ],
  ["a wrong enum value", { config: { logLevel: "loud" } }, /logLevel.*"debug", "info", "warn", "error"/s],
  ["two kinds of NATS", { nats: { managed: {}, external: { servers: ["nats://n:4222"] } } }, /not both/],
  [
    "credentials in a URL",
    { nats: { external: { servers: ["nats://user:secret@n:4222"] } } },
    /without user name or password/,
  ],
  ["two NATS servers", { nats: { managed: { replicas: 2 } } }, /replicas.*supported values: "1", "3"/s],
  [
    "keys that contradict each other",
    { config: { distributedState: { gossipIntervalSec: 15 } } },
    /peerTimeoutSec \(default 20\) must be at least twice gossipIntervalSec/,
  ],
  [
    "a latency target between the histogram's edges",
    { slo: { latency: { thresholdMs: 120 } } },
    /thresholdMs.*must be an upper edge of message_latency_ms: 1, 2.5, 5/s,
  ],
  ["an objective that could not burn", { slo: { availability: { targetPercent: 90 } } }, /greater than or equal to 95/],
  [
    "a scrape that takes longer than its interval",
    { monitoring: { scrapeTimeoutSec: 20 } },
    /scrapeTimeoutSec must be at most intervalSec \(default 15\)/,
  ],
  [
    "an alert that there is not",
    { monitoring: { alerts: [{ name: "RevenProxSad", enabled: false }] } },
    /alerts\[0\].name.*"RevenProxHighConnections"/s,
  ],
  [
    "an alert changed twice",
    { monitoring: { alerts: [{ name: "RevenProxDown" }, { name: "RevenProxDown" }] } },
    /Duplicate value/,
  ],
  ["an image that is none", { image: "two words" }, /must be an image such as registry.example/],
  ["a digest that is cut off", { image: "name@sha256:12" }, /must be an image such as/],
  ["a policy that there is not", { upgradePolicy: "Sometimes" }, /supported values: "Manual", "Automatic"/],
  ["a bad size", { nats: { managed: { storage: { size: "plenty" } } } }, /must be a quantity such as 500m or 1Gi/],
])("%s is refused with a message that says what to do", async (_, spec, message) => {
  expect(await refusal(manifest(spec))).toMatch(message);
});

test("a name that is too long for its children is refused", async () => {
  expect(await refusal(manifest({}, "a".repeat(41)))).toMatch(/at most 40 characters/);
});

test("an empty spec is accepted", async () => {
  expect(await refusal(manifest({}))).toMatch(/created \(server dry run\)/);
});

test("the defaults of an empty spec, and the status before any operator has seen it", async () => {
  await api.kubectl(["create", "--filename", "-"], manifest({}, "defaults"));
  const stored = JSON.parse(await api.kubectl(["get", "rvp", "defaults", "--output", "json"]));
  expect(stored.spec).toEqual({ replicas: 3, progressDeadlineSeconds: 600 });
  expect(stored.status.conditions[0]).toMatchObject({ type: "Ready", status: "Unknown" });
});

test.each([1, 2.5, 100, 10_000])("a latency target of %d ms, an edge of the histogram", async (thresholdMs) => {
  expect(await refusal(manifest({ slo: { latency: { thresholdMs } } }))).toMatch(/created \(server dry run\)/);
});

test("maps keep their entries", async () => {
  const spec = {
    service: { annotations: { "example.com/a": "b" } },
    monitoring: { labels: { release: "stack" } },
    resources: { limits: { memory: "1Gi", cpu: 2 } },
  };
  expect(await api.kubectl(["create", "--filename", "-"], manifest(spec, "maps"))).toContain("created");
  const stored = JSON.parse(await api.kubectl(["get", "rvp", "maps", "--output", "json"]));
  expect(stored.spec).toMatchObject(spec);
});

test("managed NATS cannot be changed later", async () => {
  await api.kubectl(["create", "--filename", "-"], manifest({ replicas: 1 }, "fixed"));
  const patch = (nats: unknown): string[] => [
    "patch",
    "rvp/fixed",
    "--type=merge",
    "--patch",
    JSON.stringify({ spec: { nats } }),
  ];
  expect(await api.kubectl(patch({ managed: { replicas: 3 } }))).toMatch(
    /nats.managed.replicas, storage.className and tls cannot be changed after creation/,
  );
  expect(await api.kubectl(patch({ managed: { tls: { enabled: true } } }))).toMatch(/and tls cannot be changed/);
  expect(await api.kubectl(patch({ managed: { tls: { enabled: false } } }))).toContain("patched");
  expect(await api.kubectl(patch({ managed: { storage: { size: "1Gi" } } }))).toMatch(/size can grow, not shrink/);
  expect(await api.kubectl(patch({ external: { servers: ["nats://n:4222"] } }))).toMatch(
    /cannot move between managed and external/,
  );
  expect(await api.kubectl(patch({ managed: {} }))).toContain("patched");
  expect(await api.kubectl(patch({ managed: { image: "registry.example/nats:3" } }))).toContain("patched");
});

test("the scale subresource reads and writes spec.replicas", async () => {
  await api.kubectl(["create", "--filename", "-"], manifest({ replicas: 1 }, "scaled"));
  expect(await api.kubectl(["scale", "rvp/scaled", "--replicas=4"])).toContain("scaled");
  expect(await api.kubectl(["get", "rvp/scaled", "--output", "jsonpath={.spec.replicas}"])).toBe("4");
});
