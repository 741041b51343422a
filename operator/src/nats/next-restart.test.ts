import { describe, expect, test } from "vitest";
import type { LedStream, NatsServer } from "./nats-server.ts";
import { HEAL_AFTER_MS, type NatsPod, nextNatsRestart } from "./next-restart.ts";

const well = (name: string, leads: readonly LedStream[] = []): NatsServer => ({ name, fault: undefined, leads });
const pod = (name: string, more: Partial<NatsPod> = {}): NatsPod => ({
  name,
  uid: `uid of ${name}`,
  revision: "old",
  ready: true,
  leaving: false,
  server: well(name),
  failingMs: 0,
  ...more,
});
const down = { ready: false, server: undefined };
const updated = { revision: "new" };
const leads = (name: string, behind: readonly string[] = []) => ({ server: well(name, [{ stream: "J", behind }]) });

const next = (pods: readonly NatsPod[], replicas = 3, persistent = true): string => {
  const found = nextNatsRestart({ replicas, updateRevision: "new", persistent }, pods);
  if (found.kind === "restart") return `restart ${found.pod.name}`;
  return found.kind === "wait" ? `wait: ${found.why}` : "settled";
};

describe("of three servers", () => {
  test.each<[string, readonly NatsPod[], string]>([
    ["all are of the present revision", [pod("a", updated), pod("b", updated), pod("c", updated)], "settled"],
    ["all are well: the last one", [pod("a"), pod("b"), pod("c")], "restart c"],
    ["one leads: it comes last", [pod("a"), pod("b"), pod("c", leads("c"))], "restart b"],
    ["one came back", [pod("a"), pod("b"), pod("c", updated)], "restart b"],
    ["only the leader is left", [pod("a", updated), pod("b", leads("b")), pod("c", updated)], "restart b"],
    ["one ends", [pod("a"), pod("b"), pod("c", { leaving: true })], "wait: c is ending"],
    ["one has no pod", [pod("a"), pod("b")], "wait: 2 of 3 servers have a pod"],
    ["one starts", [pod("a"), pod("b"), pod("c", { ...updated, ...down })], "wait: c is not ready"],
    [
      "one does not answer",
      [pod("a"), pod("b"), pod("c", { ...updated, server: undefined })],
      "wait: c does not answer at its monitoring port",
    ],
    [
      "one is not current",
      [pod("a"), pod("b"), pod("c", { ...updated, server: { ...well("c"), fault: "not current" } })],
      "wait: c is not well: not current",
    ],
    [
      "one lags behind as its leader sees it",
      [pod("a", leads("a", ["c"])), pod("b"), pod("c", updated)],
      "wait: c lags behind in J",
    ],
    ["one is down and outdated: it goes first", [pod("a", down), pod("b", leads("b", ["a"])), pod("c")], "restart a"],
    [
      "one is down, another one not current: nobody goes",
      [pod("a", down), pod("b", leads("b", ["a", "c"])), pod("c")],
      "wait: c lags behind in J",
    ],
    ["none runs", [pod("a", down), pod("b", down), pod("c", down)], "restart c"],
    [
      "none runs, one is of the present revision",
      [pod("a", down), pod("b", down), pod("c", { ...updated, ...down })],
      "restart b",
    ],
    [
      "one runs: it stays up until others do",
      [pod("a"), pod("b", down), pod("c", { ...updated, ...down })],
      "restart b",
    ],
    [
      "one runs, the others start",
      [pod("a"), pod("b", { ...updated, ...down }), pod("c", { ...updated, ...down })],
      "wait: b is not ready",
    ],
  ])("%s", (_, pods, expected) => expect(next(pods)).toBe(expected));
});

const failing = (name: string, failingMs = HEAL_AFTER_MS): NatsPod => ({
  ...pod(name, updated),
  server: { ...well(name), fault: "stream write error: no space left on device" },
  failingMs,
});

describe("servers whose writes fail", () => {
  const fine = (name: string) => pod(name, updated);
  test.each<[string, readonly NatsPod[], string, boolean?]>([
    ["one of three", [fine("a"), fine("b"), failing("c")], "restart c"],
    ["one of three without a volume, too", [fine("a"), fine("b"), failing("c")], "restart c", false],
    ["not at once", [fine("a"), fine("b"), failing("c", 1_000)], "settled"],
    ["not while another one starts", [fine("a"), { ...fine("b"), ...down }, failing("c")], "wait: b is not ready"],
    ["two of three", [fine("a"), failing("b"), failing("c")], "restart c"],
    [
      "two of three without volumes: they hold the only copies",
      [fine("a"), failing("b"), failing("c")],
      "wait: b is not well: stream write error: no space left on device",
      false,
    ],
    ["before those of a former revision", [pod("a"), pod("b"), failing("c")], "restart c"],
  ])("%s", (_, pods, expected, persistent = true) => expect(next(pods, 3, persistent)).toBe(expected));

  test("a single one is left to its liveness probe", () => expect(next([failing("a")], 1)).toBe("settled"));
});

describe("of one server", () => {
  test.each<[string, NatsPod, string]>([
    ["it is restarted", pod("a"), "restart a"],
    ["also when it is down", pod("a", down), "restart a"],
    ["and then left alone", pod("a", { ...updated, ...down }), "settled"],
  ])("%s", (_, only, expected) => expect(next([only], 1)).toBe(expected));
});

test("nobody is restarted before the controller has seen the template", () => {
  expect(nextNatsRestart({ replicas: 1, updateRevision: undefined, persistent: true }, [pod("a")]).kind).toBe("wait");
});
