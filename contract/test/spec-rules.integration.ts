import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ServedCrd, serveCrd } from "./support/served-crd.ts";

let api: ServedCrd;

beforeAll(async () => {
  api = await serveCrd();
});

afterAll(() => api.stop());

const create = (spec: unknown): Promise<string> =>
  api.kubectl(
    ["create", "--dry-run=server", "--filename", "-"],
    JSON.stringify({
      apiVersion: "revenprox.io/v1alpha1",
      kind: "RevenProx",
      metadata: { name: "tried", namespace: "default" },
      spec,
    }),
  );

const accepted = (specs: readonly unknown[]) =>
  test.each(specs.map((spec) => [spec]))("%j is accepted", async (spec) =>
    expect(await create(spec)).toMatch(/created \(server dry run\)/),
  );

const refused = (cases: readonly (readonly [unknown, RegExp])[]) =>
  test.each(cases)("%j is refused", async (spec, message) => expect(await create(spec)).toMatch(message));

describe("podDisruptionBudget", () => {
  const budget = (podDisruptionBudget: unknown) => ({ podDisruptionBudget });
  accepted([
    budget({}),
    budget({ maxUnavailable: 1 }),
    budget({ maxUnavailable: "25%" }),
    budget({ minAvailable: 0 }),
    budget({ minAvailable: "99%" }),
  ]);
  refused([
    [budget({ maxUnavailable: 0 }), /no node could be drained/],
    [budget({ maxUnavailable: "0%" }), /no node could be drained/],
    [budget({ maxUnavailable: "some" }), /a share such as 10%/],
    [budget({ minAvailable: "100%" }), /a share below 100%/],
    [budget({ minAvailable: 1, maxUnavailable: 1 }), /not both/],
  ]);
});

describe("networkPolicy", () => {
  const from = (...clientsFrom: readonly unknown[]) => ({ networkPolicy: { clientsFrom } });
  accepted([
    from(),
    from({ podSelector: {} }),
    from({ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } }, { ipBlock: { cidr: "fd00::/8" } }),
    from({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "edge" } }, podSelector: {} }),
    { networkPolicy: { enabled: false } },
  ]);
  refused([
    [from({}), /give ipBlock alone, or namespaceSelector, podSelector or both/],
    [from({ ipBlock: { cidr: "10.0.0.0/8" }, podSelector: {} }), /give ipBlock alone/],
    [from({ ipBlock: { cidr: "10.0.0.0" } }), /must be a range such as 10.0.0.0\/8/],
    [from({ ipBlock: { cidr: "everywhere/8" } }), /must be a range such as 10.0.0.0\/8/],
    [{ networkPolicy: { extraEgress: [{ to: [] }] } }, /should have at least 1 items/],
  ]);
});

describe("auth and tls", () => {
  const verifier = { headersSecret: "h", caSecret: "c", clientSecret: "t" };
  const jwtVerifier = { jwksUrl: "https://auth.example/keys" };
  accepted([
    { auth: { publishKeysSecret: "keys" } },
    { auth: { verifier }, config: { jwtVerifier } },
    { tls: { secret: "web-tls" } },
  ]);
  refused([
    [{ auth: { verifier } }, /set config.jwtVerifier.webhookUrl or jwksUrl, too/],
    [{ auth: { verifier }, config: { jwtVerifier: { issuer: "x" } } }, /set config.jwtVerifier.webhookUrl/],
    [{ tls: {} }, /spec.tls.secret: Required value/],
    [{ auth: { publishKeysSecret: "other/keys" } }, /must be the name of an object/],
  ]);
});

describe("resources", () => {
  accepted([
    { resources: { requests: { cpu: 1, memory: "1.5Gi" }, limits: { cpu: "500m", memory: "1e9" } } },
    { nats: { managed: { resources: { requests: { cpu: "100u" } } } } },
  ]);
  refused([
    [{ resources: { requests: { memory: "512MB" } } }, /spec.resources.requests.memory in body should match/],
    [{ resources: { limits: { cpu: "half" } } }, /spec.resources.limits.cpu in body should match/],
    [{ nats: { managed: { resources: { limits: { memory: "" } } } } }, /limits.memory in body should match/],
  ]);
});

describe("config keys that depend on others", () => {
  const jwtVerifier = (more: object) => ({ config: { jwtVerifier: more } });
  accepted([
    jwtVerifier({ jwksUrl: "https://auth.example/keys", issuer: "x", requireAuthentication: true }),
    jwtVerifier({ webhookUrl: "https://auth.example/ask", requireAuthentication: true }),
    jwtVerifier({ requireAuthentication: false }),
    { config: { journal: { maxAgeSec: 60, duplicateWindowSec: 60 } } },
    { config: { http: { trustedProxies: ["10.0.0.0/8", "192.0.2.1", "fd00::/8", "::1"] } } },
  ]);
  refused([
    [jwtVerifier({ issuer: "x" }), /need jwksUrl/],
    [jwtVerifier({ webhookUrl: "https://auth.example/ask", topicsClaim: "x" }), /need jwksUrl/],
    [jwtVerifier({ requireAuthentication: true }), /needs webhookUrl or jwksUrl/],
    [{ config: { journal: { maxAgeSec: 60 } } }, /duplicateWindowSec \(default 120\) must be at most maxAgeSec/],
    [{ config: { http: { trustedProxies: ["balancer"] } } }, /must be an address or a range/],
  ]);
});

describe("service, ingress and route", () => {
  const service = (more: object) => ({ service: more });
  accepted([
    service({ type: "LoadBalancer", loadBalancerClass: "a.example/b", loadBalancerSourceRanges: ["10.0.0.0/8"] }),
    service({ type: "NodePort", nodePort: 30080, externalTrafficPolicy: "Local", port: 80 }),
    { ingress: {} },
    { ingress: { hosts: ["events.example.com", "*.example.com", "localhost"] } },
    { route: { parentRefs: [{ name: "public", namespace: "edge" }] } },
  ]);
  refused([
    [service({ loadBalancerClass: "a.example/b" }), /need type LoadBalancer/],
    [service({ type: "ClusterIP", nodePort: 30080 }), /need type NodePort or LoadBalancer/],
    [service({ type: "LoadBalancer", loadBalancerSourceRanges: ["all"] }), /must be a range such as/],
    [{ ingress: { hosts: ["https://events.example.com"] } }, /must be a host name such as/],
    [{ route: { parentRefs: [] } }, /should have at least 1 items/],
  ]);
});

describe("pod", () => {
  const pod = (more: object) => ({ pod: more });
  accepted([
    pod({}),
    pod({ nodeAffinity: [{ key: "spot", operator: "DoesNotExist" }], tolerations: [{ operator: "Exists" }] }),
    pod({
      env: [
        { name: "TZ", value: "" },
        { name: "KEY", secret: { name: "s", key: "k" } },
      ],
    }),
    { imagePullSecrets: ["registry"] },
    { nats: { managed: { pod: { nodeSelector: { disk: "fast" } }, resources: { limits: { memory: "1Gi" } } } } },
  ]);
  refused([
    [pod({ nodeAffinity: [{ key: "spot", operator: "In" }] }), /In and NotIn need values/],
    [pod({ nodeAffinity: [{ key: "spot", operator: "Exists", values: ["x"] }] }), /take none/],
    [pod({ env: [{ name: "TZ" }] }), /give value or secret/],
    [
      pod({
        env: [
          { name: "TZ", value: "a" },
          { name: "TZ", value: "b" },
        ],
      }),
      /Duplicate value/,
    ],
    [pod({ env: [{ name: "REVENPROX_HTTP__ENGINE", value: "node" }] }), /set the key there/],
    [pod({ env: [{ name: "A-B", value: "x" }] }), /must be a name of letters/],
    [pod({ annotations: { "revenprox.io/nats-config-hash": "x" } }), /nor begin with revenprox.io/],
    [
      pod({ annotations: { "container.apparmor.security.beta.kubernetes.io/proxy": "unconfined" } }),
      /may neither loosen a pod's confinement/,
    ],
  ]);
});

describe("what would reach the host or raise rights", () => {
  const attempts = {
    pod: {
      hostNetwork: true,
      securityContext: { privileged: true },
      volumes: [{ name: "host", hostPath: { path: "/" } }],
      serviceAccountName: "admin",
    },
    volumes: [{ name: "host", hostPath: { path: "/" } }],
    securityContext: { capabilities: { add: ["SYS_ADMIN"] } },
  };

  test("is refused where the client asks for strictness, as kubectl does", async () => {
    const said = await create(attempts);
    for (const field of ["pod.hostNetwork", "pod.securityContext", "pod.volumes", "securityContext", "volumes"])
      expect(said).toContain(`unknown field "spec.${field}"`);
  });

  test("is thrown away where it does not", async () => {
    const name = "stripped";
    const metadata = { name, namespace: "default" };
    const object = { apiVersion: "revenprox.io/v1alpha1", kind: "RevenProx", metadata, spec: attempts };
    await api.kubectl(["create", "--validate=ignore", "--filename", "-"], JSON.stringify(object));
    const stored = JSON.parse(await api.kubectl(["get", "rvp", name, "--output", "json"])) as { spec: unknown };
    expect(stored.spec).toEqual({ replicas: 3, progressDeadlineSeconds: 600, pod: {} });
  });

  refused([
    [{ tls: { secret: "../other/secret" } }, /must be the name of an object/],
    [{ auth: { publishKeysSecret: "kube-system/admin" } }, /must be the name of an object/],
    [{ tracing: { endpoint: "http://c:4318", headersSecret: "a/b" } }, /must be the name of an object/],
    [
      { pod: { env: [{ name: "A", secret: { name: "kube-system/admin", key: "k" } }] } },
      /must be the name of an object/,
    ],
    [{ pod: { env: [{ name: "A", secret: { name: "s", namespace: "kube-system", key: "k" } }] } }, /unknown field/],
  ]);
});
