import { describe, expect, test } from "vitest";
import type { ClusterFacts, DesiredObject } from "../reconcile/ports.ts";
import { inputOf } from "../testing/resource.ts";
import { desired } from "./index.ts";

const one = (kind: string, spec: unknown, facts: Partial<ClusterFacts> = {}): DesiredObject | undefined =>
  desired(inputOf(spec, facts)).find((object) => object.kind === kind && object.metadata.name === "web");

const nginx = (key: string) => `nginx.ingress.kubernetes.io/${key}`;

describe("nothing but /events is exposed", () => {
  test.each([
    ["Ingress", { ingress: { hosts: ["a.example", "b.example"] } }],
    ["Ingress", { ingress: {} }],
    ["HTTPRoute", { route: { parentRefs: [{ name: "public" }] } }],
  ])("by an %s of %j", (kind, spec) => {
    const paths: unknown[] = [];
    const ends: unknown[] = [];
    JSON.stringify(one(kind, spec)?.["spec"], (key, value: unknown) => {
      if (key === "path") paths.push(typeof value === "string" ? value : (value as { value: string }).value);
      if (key === "service" || key === "backendRefs") ends.push(value);
      return value;
    });
    expect(paths.length).toBeGreaterThan(0);
    expect(new Set(paths)).toEqual(new Set(["/events"]));
    expect(JSON.stringify(ends)).toContain('"name":"web"');
    expect(JSON.stringify(ends)).not.toContain("9090");
  });
});

describe("an Ingress", () => {
  const annotations = (spec: unknown) => one("Ingress", spec)?.metadata.annotations ?? {};
  test("is none unless asked for", () => expect(one("Ingress", {})).toBeUndefined());
  test("keeps proxies from buffering, and silent streams open for two keepalives at least", () => {
    expect(annotations({ ingress: {} })).toMatchObject({
      [nginx("proxy-buffering")]: "off",
      [nginx("proxy-read-timeout")]: "3600",
    });
    const rare = { ingress: {}, config: { http: { keepaliveIntervalSec: 3_000 } } };
    expect(annotations(rare)).toMatchObject({ [nginx("proxy-read-timeout")]: "6000" });
  });
  test("speaks HTTPS to proxies with TLS", () => {
    expect(annotations({ ingress: {}, tls: { secret: "c" } })).toHaveProperty([nginx("backend-protocol")], "HTTPS");
    expect(annotations({ ingress: {} })).not.toHaveProperty([nginx("backend-protocol")]);
  });
  test("has the user's annotations before ours", () => {
    const own = { [nginx("proxy-read-timeout")]: "60" };
    expect(annotations({ ingress: { annotations: own } })).toMatchObject(own);
  });
});

describe("an HTTPRoute", () => {
  const spec = { service: { port: 80 }, route: { parentRefs: [{ name: "public", sectionName: "https" }] } };
  test("leads to the Service's port and has no timeout", () => {
    const { rules, parentRefs } = (one("HTTPRoute", spec)?.["spec"] ?? {}) as { rules?: unknown; parentRefs?: unknown };
    expect(rules).toMatchObject([{ backendRefs: [{ name: "web", port: 80 }], timeouts: { request: "0s" } }]);
    expect(parentRefs).toEqual([{ name: "public", sectionName: "https" }]);
  });
  test("waits for its CRD", () => expect(one("HTTPRoute", spec, { gateway: { httpRoute: false } })).toBeUndefined());
});

describe("a Service", () => {
  test("of one's own choice", () => {
    const service = { type: "NodePort", port: 80, nodePort: 30_080, externalTrafficPolicy: "Local" };
    expect(one("Service", { service })?.["spec"]).toMatchObject({
      type: "NodePort",
      externalTrafficPolicy: "Local",
      ports: [{ port: 80, targetPort: "http", nodePort: 30_080 }],
    });
  });
});
