import { objectLabels } from "@revenprox/contract/labels";
import { allows, type Party, type Policy } from "@revenprox/contract/testing/policy-evaluator";
import { outsideAddress, policyTable, type TablePodName, tablePods } from "@revenprox/contract/testing/policy-table";
import { describe, expect, test } from "vitest";
import { everythingSet, inputOf } from "../testing/resource.ts";
import { desired } from "./index.ts";

const pod = (namespace: string, labels: Readonly<Record<string, string>>): Party => ({
  kind: "pod",
  namespace,
  labels,
  address: "10.0.0.9",
});

/** Everybody who may want something. */
const parties = {
  proxy: pod("apps", objectLabels("web", "proxy")),
  nats: pod("apps", objectLabels("web", "nats")),
  "proxy of another instance": pod("apps", objectLabels("other", "proxy")),
  "nats of another instance": pod("apps", objectLabels("other", "nats")),
  "proxy of the same name elsewhere": pod("more", objectLabels("web", "proxy")),
  operator: pod("system", { "app.kubernetes.io/component": "operator", "app.kubernetes.io/part-of": "revenprox" }),
  "false operator": pod("more", {
    "app.kubernetes.io/component": "operator",
    "app.kubernetes.io/part-of": "revenprox",
  }),
  prometheus: pod("monitoring", { "app.kubernetes.io/name": "prometheus" }),
  "own prometheus": pod("metrics", { app: "prometheus" }),
  "pod beside": pod("apps", { app: "shop" }),
  publisher: pod("apps", { role: "publisher" }),
  "pod elsewhere": pod("more", { app: "shop" }),
  edge: pod("edge", { app: "ingress" }),
  dns: pod("kube-system", { "k8s-app": "kube-dns" }),
  verifier: pod("auth", { app: "verify" }),
  internet: { kind: "outside", address: "198.51.100.4" },
  "listed network": { kind: "outside", address: "203.0.113.7" },
  "left-out network": { kind: "outside", address: "203.0.113.70" },
  "service network": { kind: "outside", address: "10.96.3.4" },
} satisfies Record<string, Party>;
type Name = keyof typeof parties;
type Row = readonly [from: Name, to: Name, port: number, allowed: boolean];

const namespaces = { metrics: { team: "metrics" }, auth: { team: "auth" } };

const policiesOf = (spec: unknown): readonly Policy[] => {
  const input = inputOf(spec);
  const settings = { ...input.settings, namespace: "system" };
  return desired({ ...input, settings }).filter(({ kind }) => kind === "NetworkPolicy") as unknown as Policy[];
};

const check = (spec: unknown, rows: readonly Row[]): void => {
  const world = { policies: policiesOf(spec), namespaces };
  test.each(rows)("%s to %s at %d: %s", (from, to, port, allowed) => {
    const protocol = port === 53 ? "UDP" : "TCP";
    expect(allows(world, { from: parties[from], to: parties[to], port, protocol })).toBe(allowed);
  });
};

describe("of {}", () => {
  check({}, [
    ["internet", "proxy", 8080, true],
    ["edge", "proxy", 8080, true],
    ["pod elsewhere", "proxy", 8080, true],
    ["internet", "proxy", 9090, false],
    ["pod beside", "proxy", 9090, false],
    ["proxy", "proxy", 9090, false],
    ["operator", "proxy", 9090, true],
    ["false operator", "proxy", 9090, false],
    ["prometheus", "proxy", 9090, true],
    ["prometheus", "proxy", 8080, true],
    ["operator", "proxy", 22, false],
    ["proxy", "nats", 4222, true],
    ["pod beside", "nats", 4222, true],
    ["pod elsewhere", "nats", 4222, false],
    ["internet", "nats", 4222, false],
    ["nats", "nats", 6222, true],
    ["proxy", "nats", 6222, false],
    ["nats of another instance", "nats", 6222, false],
    ["pod beside", "nats", 6222, false],
    ["proxy", "nats", 8222, false],
    ["prometheus", "nats", 8222, false],
    ["operator", "nats", 8222, true],
    ["false operator", "nats", 8222, false],
    ["operator", "nats", 4222, false],
    ["proxy", "dns", 53, true],
    ["nats", "dns", 53, true],
    ["proxy", "internet", 443, false],
    ["nats", "internet", 443, false],
    ["proxy", "pod beside", 8080, false],
    ["nats", "proxy", 8080, false],
    ["proxy", "nats of another instance", 4222, false],
    ["pod beside", "pod elsewhere", 80, true],
  ]);
});

describe("of {}, by the table that e2e/stories/network-policy.e2e.ts sends packets for", () => {
  const partyOf = (name: TablePodName | "internet"): Party =>
    name === "internet"
      ? { kind: "outside", address: outsideAddress }
      : pod(tablePods[name].namespace, tablePods[name].labels);
  const world = { policies: policiesOf({}), namespaces: {} };
  test.each(policyTable)("%s to %s at %d: %s", (from, to, port, allowed) => {
    expect(allows(world, { from: partyOf(from), to: partyOf(to), port })).toBe(allowed);
  });
});

describe("with publishers of the user's", () => {
  check({ networkPolicy: { publishersFrom: [] } }, [
    ["proxy", "nats", 4222, true],
    ["pod beside", "nats", 4222, false],
    ["proxy of another instance", "nats", 4222, false],
    ["proxy of the same name elsewhere", "nats", 4222, false],
  ]);
});

describe("with nobody allowed", () => {
  check({ networkPolicy: { clientsFrom: [], monitoringFrom: [] } }, [
    ["internet", "proxy", 8080, false],
    ["prometheus", "proxy", 8080, false],
    ["prometheus", "proxy", 9090, false],
    ["operator", "proxy", 9090, true],
  ]);
});

describe("of everything set", () => {
  check({ ...everythingSet, config: {} }, [
    ["internet", "proxy", 8080, false],
    ["pod elsewhere", "proxy", 8080, false],
    ["edge", "proxy", 8080, true],
    ["listed network", "proxy", 8080, true],
    ["left-out network", "proxy", 8080, false],
    ["own prometheus", "proxy", 8080, true],
    ["own prometheus", "proxy", 9090, true],
    ["prometheus", "proxy", 9090, false],
    ["edge", "proxy", 9090, false],
    ["operator", "proxy", 9090, true],
    ["publisher", "nats", 4222, true],
    ["pod beside", "nats", 4222, false],
    ["proxy", "service network", 8443, true],
    ["proxy", "service network", 443, false],
    ["proxy", "verifier", 12_345, true],
    ["proxy", "internet", 4318, true],
    ["proxy", "internet", 4317, false],
  ]);
});

describe("verifiers and receivers are reached where the spec says they are", () => {
  const verifier = (webhookUrl: string) => ({ config: { jwtVerifier: { webhookUrl } } });
  describe("a Service of another namespace, whatever the port of its pods", () =>
    check(verifier("http://verify.auth.svc/check"), [
      ["proxy", "verifier", 8_000, true],
      ["proxy", "pod elsewhere", 80, false],
      ["proxy", "internet", 80, false],
    ]));
  describe("a Service of its own namespace", () =>
    check(verifier("http://shop:8000/check"), [
      ["proxy", "pod beside", 9_999, true],
      ["proxy", "internet", 8_000, false],
    ]));
  describe("a name of two parts may be either", () =>
    check(verifier("https://verify.auth/check"), [
      ["proxy", "verifier", 8_443, true],
      ["proxy", "internet", 443, true],
      ["proxy", "internet", 80, false],
    ]));
  describe("a name outside", () =>
    check(verifier("https://verify.auth.example.com/check"), [
      ["proxy", "internet", 443, true],
      ["proxy", "verifier", 8_443, false],
    ]));
  describe("an address", () =>
    check(verifier("http://198.51.100.4:8000/check"), [
      ["proxy", "internet", 8_000, true],
      ["proxy", "listed network", 8_000, false],
    ]));
});

describe("an external NATS", () => {
  check({ nats: { external: { servers: ["nats://198.51.100.4:4333", "tls://bus.auth.svc"] } } }, [
    ["proxy", "internet", 4333, true],
    ["proxy", "listed network", 4333, true],
    ["proxy", "verifier", 4222, true],
    ["proxy", "internet", 443, false],
  ]);
  test("has no policy of ours", () =>
    expect(policiesOf({ nats: { external: { servers: ["nats://bus.example:4222"] } } })).toHaveLength(1));
});

describe("egress that is not restricted", () => {
  check({ networkPolicy: { restrictEgress: false } }, [
    ["proxy", "internet", 443, true],
    ["nats", "internet", 443, true],
    ["pod elsewhere", "nats", 4222, false],
    ["internet", "proxy", 9090, false],
  ]);
});

test("there is none when they are switched off", () =>
  expect(policiesOf({ networkPolicy: { enabled: false } })).toEqual([]));

test("an operator that runs outside does not know its namespace: its labels alone count", () => {
  const policies = desired(inputOf({})).filter(({ kind }) => kind === "NetworkPolicy") as unknown as Policy[];
  const to = { to: parties.proxy, port: 9090 };
  expect(allows({ policies, namespaces }, { from: parties.operator, ...to })).toBe(true);
  expect(allows({ policies, namespaces }, { from: parties["pod beside"], ...to })).toBe(false);
});

test.each([
  [{ nats: { external: { servers: ["nats://later:99999"] } } }, "nats://later:99999 is no URL"],
  [{ config: { jwtVerifier: { webhookUrl: "http://%zz/ask" } } }, "http://%zz/ask is no URL"],
])("a URL that the CRD lets pass and nobody can call is named: %j", (spec, message) => {
  expect(() => policiesOf(spec)).toThrow(message);
});
