import { expect, test } from "vitest";
import { Admission } from "./admission.ts";

const silent = () => undefined;

const harness = (changes: { rateLimitPerIp?: number; trustedProxies?: string[]; fullOf?: string } = {}) => {
  const state = { now: 0, fullOf: changes.fullOf };
  const warnings: string[] = [];
  const settings = { rateLimitPerIp: 2, rateLimitWindowSec: 60, trustedProxies: [] as string[], ...changes };
  const admission = new Admission({
    settings: () => settings,
    fullOf: () => state.fullOf,
    now: () => state.now,
    log: { debug: silent, info: silent, warn: (line) => warnings.push(line), error: silent },
  });
  const ask = (peer: string, kind: "stream" | "publish" = "stream", headers = {}): string =>
    admission.refusal(kind, { peer, ...headers })?.code ?? "taken";
  return { state, settings, warnings, admission, ask };
};

test("streams and publishes of one address count together, those of others do not", () => {
  const { ask } = harness();
  expect([ask("192.168.1.100"), ask("192.168.1.100", "publish"), ask("192.168.1.100")]).toEqual([
    "taken",
    "taken",
    "rate_limited",
  ]);
  expect(ask("192.168.1.101")).toBe("taken");
});

test("a /64 counts as one client", () => {
  const { ask } = harness({ rateLimitPerIp: 1 });
  expect([ask("2001:db8::1"), ask("2001:db8::ffff:1"), ask("2001:db8:0:1::1")]).toEqual([
    "taken",
    "rate_limited",
    "taken",
  ]);
});

test("the answer tells when to come back, and then it works", () => {
  const { ask, admission, state } = harness();
  ask("1.1.1.1");
  ask("1.1.1.1");
  expect(admission.refusal("stream", { peer: "1.1.1.1" })).toMatchObject({ code: "rate_limited", retryAfterSec: 30 });
  state.now = 30_000;
  expect(ask("1.1.1.1")).toBe("taken");
});

test("a request that is refused for its address is told in the seed's words", () => {
  const { ask, warnings } = harness({ rateLimitPerIp: 1 });
  for (let time = 0; time < 2; time += 1) ask("192.168.1.100");
  expect(warnings).toEqual(["Rate limit exceeded for IP 192.168.1.100"]);
});

test("0 is no limit, and a change counts at once", () => {
  const { ask, settings } = harness({ rateLimitPerIp: 0 });
  for (let time = 0; time < 100; time += 1) expect(ask("1.1.1.1")).toBe("taken");
  settings.rateLimitPerIp = 1;
  expect([ask("1.1.1.1"), ask("1.1.1.1")]).toEqual(["taken", "rate_limited"]);
});

test("clients behind a trusted proxy are told apart; a forged header changes nothing", () => {
  const { ask } = harness({ rateLimitPerIp: 1, trustedProxies: ["10.0.0.0/8"] });
  expect(ask("10.0.0.1", "stream", { forwardedFor: "1.1.1.1" })).toBe("taken");
  expect(ask("10.0.0.1", "stream", { forwardedFor: "2.2.2.2" })).toBe("taken");
  expect(ask("10.0.0.1", "stream", { forwardedFor: "3.3.3.3, 1.1.1.1" })).toBe("rate_limited");
});

test("clients whose address nobody knows, since their socket is gone, are not counted as one", () => {
  const { ask } = harness({ rateLimitPerIp: 1 });
  expect([ask(""), ask("")]).toEqual(["taken", "taken"]);
});

test("PROXY protocol is refused from strangers", () => {
  const { ask } = harness({ trustedProxies: ["10.0.0.0/8"] });
  expect(ask("10.0.0.1", "stream", { proxied: "1.1.1.1" })).toBe("taken");
  expect(ask("9.9.9.9", "stream", { proxied: "1.1.1.1" })).toBe("proxy_protocol_untrusted");
});

test("a full process takes no streams, but publishes", () => {
  const { ask, state } = harness({ fullOf: "900 MiB of resident memory used" });
  expect([ask("1.1.1.1"), ask("2.2.2.2", "publish")]).toEqual(["capacity", "taken"]);
  state.fullOf = undefined;
  expect(ask("3.3.3.3")).toBe("taken");
});
