import { describe, expect, test } from "vitest";
import { allows, type Party, type Policy } from "./policy-evaluator.ts";

const pod = (namespace: string, app: string, address = "10.0.0.1"): Party => ({
  kind: "pod",
  namespace,
  labels: { app },
  address,
});
const web = pod("a", "web");
const outside: Party = { kind: "outside", address: "192.0.2.7" };
const namespaces = { a: {}, b: { team: "blue" } };
const policy = (spec: Partial<Policy["spec"]>): Policy => ({
  metadata: { namespace: "a" },
  spec: { podSelector: { matchLabels: { app: "web" } }, policyTypes: ["Ingress"], ...spec },
});
const mayReachWeb = (spec: Partial<Policy["spec"]>, from: Party): boolean =>
  allows({ policies: [policy(spec)], namespaces }, { from, to: web, port: 80 });

/** Sentences of the NetworkPolicy documentation. */
describe("a pod", () => {
  test("that no policy selects takes and reaches everything", () => {
    expect(allows({ policies: [], namespaces }, { from: outside, to: web, port: 1 })).toBe(true);
    expect(allows({ policies: [policy({})], namespaces }, { from: web, to: pod("a", "other"), port: 1 })).toBe(true);
  });
  test("that one selects takes nothing but what a rule names", () => {
    expect(mayReachWeb({}, outside)).toBe(false);
    expect(mayReachWeb({ ingress: [] }, outside)).toBe(false);
    expect(mayReachWeb({ ingress: [{}] }, outside)).toBe(true);
  });
  test("in another namespace is not selected", () => {
    const world = { policies: [policy({})], namespaces };
    expect(allows(world, { from: outside, to: pod("b", "web"), port: 80 })).toBe(true);
  });
});

describe("a peer", () => {
  const from = (peer: object, party: Party) => mayReachWeb({ ingress: [{ from: [peer] }] }, party);
  test.each([
    ["podSelector alone is the policy's own namespace", { podSelector: {} }, pod("a", "x"), true],
    ["and no other", { podSelector: {} }, pod("b", "x"), false],
    [
      "namespaceSelector alone is all its pods",
      { namespaceSelector: { matchLabels: { team: "blue" } } },
      pod("b", "x"),
      true,
    ],
    ["by label", { namespaceSelector: { matchLabels: { team: "red" } } }, pod("b", "x"), false],
    ["both are both", { namespaceSelector: {}, podSelector: { matchLabels: { app: "y" } } }, pod("b", "x"), false],
    ["no selector is an address", { namespaceSelector: {} }, outside, false],
    ["a range", { ipBlock: { cidr: "192.0.2.0/24" } }, outside, true],
    ["another range", { ipBlock: { cidr: "192.0.3.0/24" } }, outside, false],
    ["a range with a hole", { ipBlock: { cidr: "192.0.2.0/24", except: ["192.0.2.0/28"] } }, outside, false],
  ])("%s", (_, peer, party, expected) => expect(from(peer, party)).toBe(expected));
});

describe("a port", () => {
  const at = (ports: readonly object[], protocol: "TCP" | "UDP" = "TCP") =>
    allows(
      { policies: [policy({ ingress: [{ ports }] })], namespaces },
      { from: outside, to: web, port: 80, protocol },
    );
  test.each([
    [[{ port: 80 }], "TCP", true],
    [[{ port: 81 }], "TCP", false],
    [[{ port: 80 }], "UDP", false],
    [[{ protocol: "UDP" }], "UDP", true],
  ] as const)("%j for %s", (ports, protocol, expected) => expect(at(ports, protocol)).toBe(expected));
});

test("both ends must allow it", () => {
  const closed = policy({ policyTypes: ["Egress"], podSelector: {}, egress: [{ ports: [{ port: 53 }] }] });
  const open = policy({ ingress: [{}] });
  const connection = { from: pod("a", "client"), to: web };
  expect(allows({ policies: [closed, open], namespaces }, { ...connection, port: 80 })).toBe(false);
  expect(allows({ policies: [closed, open], namespaces }, { ...connection, port: 53 })).toBe(true);
});
