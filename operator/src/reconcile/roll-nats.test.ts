import { expect, test } from "vitest";
import type { NatsPod } from "../nats/next-restart.ts";
import { resourceOf } from "../testing/resource.ts";
import { type Eviction, rollNats } from "./roll-nats.ts";

const pod = (more: Partial<NatsPod> = {}): NatsPod => ({
  name: "web-nats-0",
  uid: "u",
  revision: "old",
  ready: true,
  leaving: false,
  server: { name: "web-nats-0", fault: undefined, leads: [] },
  failingMs: 0,
  ...more,
});

const roll = async (pods: readonly NatsPod[], eviction: Eviction = { kind: "evicted" }, due = true) => {
  const done: string[] = [];
  const workload = { replicas: pods.length, updateRevision: "new", persistent: true };
  const goesOn = await rollNats(
    {
      nats: {
        known: () => [],
        isDue: () => due,
        ask: async () => {
          done.push("ask");
          return { workload, pods };
        },
        evict: async (_, { name }) => {
          done.push(`evict ${name}`);
          return eviction;
        },
      },
      record: async (_, { reason, message, lasting }) =>
        void done.push(`${reason}${lasting === true ? " (lasting)" : ""}: ${message}`),
    },
    resourceOf({}),
  );
  return { goesOn, done };
};

test("nobody is asked when nothing is due", async () => {
  expect(await roll([pod()], undefined, false)).toEqual({ goesOn: false, done: [] });
});

test("one server is evicted in a pass, and that is told", async () => {
  const { goesOn, done } = await roll([pod()]);
  expect(goesOn).toBe(true);
  expect(done).toEqual(["ask", "evict web-nats-0", expect.stringContaining("NatsRestarting: NATS server web-nats-0")]);
});

test("what is waited for is told", async () => {
  const other = pod({ name: "web-nats-1", revision: "new", ready: false });
  const { goesOn, done } = await roll([pod(), other, pod({ name: "web-nats-2" })]);
  expect(goesOn).toBe(true);
  // Every pass finds it again, so it is not told by each.
  expect(done).toEqual(["ask", expect.stringContaining("NatsRestartWaits (lasting): ")]);
  expect(done[1]).toContain("web-nats-1 is not ready");
});

test("so is an eviction that is held back", async () => {
  const { goesOn, done } = await roll([pod()], { kind: "held", why: "the budget" });
  expect(goesOn).toBe(true);
  expect(done[2]).toContain("the budget");
});

test("a server is healed with its fault named", async () => {
  const server = { name: "web-nats-0", fault: "write error: no space left", leads: [] };
  const failing = pod({ revision: "new", server, failingMs: 200_000 });
  const fine = ["web-nats-1", "web-nats-2"].map((name) => pod({ name, revision: "new" }));
  expect((await roll([failing, ...fine])).done[2]).toContain("NatsHealing: NATS server web-nats-0");
});

test("once nothing is left to do it ends", async () => {
  expect(await roll([pod({ revision: "new" })])).toEqual({ goesOn: false, done: ["ask"] });
});
