import { expect, test } from "vitest";
import { nftables, type PolicyWorld } from "./nftables.ts";

const world = (spec: PolicyWorld["policies"][number]["spec"]): PolicyWorld => ({
  policies: [{ metadata: { namespace: "a" }, spec }],
  pods: [
    { namespace: "a", labels: { app: "web" }, address: "10.0.0.1" },
    { namespace: "a", labels: { app: "shop" }, address: "10.0.0.2" },
    { namespace: "b", labels: { app: "shop" }, address: "10.0.0.3" },
  ],
  namespaces: { a: {}, b: { team: "blue" } },
});
const web = { matchLabels: { app: "web" } };
const linesOf = (text: string, chain: string): readonly string[] =>
  text.split(`chain ${chain} {\n`)[1]?.split("}\n")[0]?.trim().split(/\n\s*/) ?? [];

test("only pods that a policy selects have a chain, which ends in a drop", () => {
  const text = nftables(world({ podSelector: web, policyTypes: ["Ingress"] }));
  expect(linesOf(text, "ingress_10_0_0_1")).toEqual(["drop"]);
  expect(text).toContain("ip daddr 10.0.0.1 jump ingress_10_0_0_1");
  expect(text).not.toContain("10_0_0_2");
  expect(text).not.toContain("egress");
});

test("peers become the addresses of their pods, ports theirs", () => {
  const text = nftables(
    world({
      podSelector: web,
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        { from: [{ podSelector: {} }], ports: [{ port: 80 }, { protocol: "UDP", port: 53 }] },
        { from: [{ namespaceSelector: { matchLabels: { team: "blue" } } }] },
        { from: [{ podSelector: { matchLabels: { app: "nobody" } } }] },
      ],
      egress: [{ ports: [{ port: 443 }] }],
    }),
  );
  expect(linesOf(text, "ingress_10_0_0_1")).toEqual([
    "ip saddr { 10.0.0.1, 10.0.0.2 } tcp dport 80 return",
    "ip saddr { 10.0.0.1, 10.0.0.2 } udp dport 53 return",
    "ip saddr { 10.0.0.3 } return",
    "drop",
  ]);
  expect(linesOf(text, "egress_10_0_0_1")).toEqual(["tcp dport 443 return", "drop"]);
});

test("what is not translated is refused", () => {
  const selector = { matchExpressions: [] } as unknown as { matchLabels: Record<string, string> };
  expect(() => nftables(world({ podSelector: selector, policyTypes: ["Ingress"] }))).toThrow("matchExpressions");
});
