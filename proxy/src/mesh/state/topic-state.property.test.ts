import fc from "fast-check";
import { expect, test } from "vitest";
import type { TopicId } from "../../hub/event.ts";
import {
  heartbeatMs,
  latestMs,
  type Node,
  noFaults,
  peerTimeoutMs,
  twoHeartbeatsMs,
  VirtualMesh,
} from "./testing/virtual-mesh.ts";

/** Schedules of one run; `npm run test:full` tries more. */
const runs = Number(process.env["REVENPROX_TEST_STATE_RUNS"] ?? 2_000);

/** Some share a bucket, so that a change meets others in it. */
const topics: readonly TopicId[] = Array.from(
  { length: 24 },
  (_, index) =>
    `${((index % 6) * 41).toString(16).padStart(2, "0")}${(index * 2_654_435_761).toString(16).padStart(30, "7")}` as TopicId,
);

const node = fc.nat(4);
const chance = fc.constantFrom(0, 0.1, 0.5, 1);
const skewMs = fc.constantFrom(0, -300_000, 300_000, -1, 1);

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("change" as const),
      node,
      topic: fc.nat(topics.length - 1),
      count: fc.constantFrom(0, 0, 1, 2, 300),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("burst" as const), node, count: fc.nat(3) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("faults" as const),
      faults: fc.record({ loss: chance, duplication: chance, lateness: chance }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("partition" as const), node, side: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("die" as const), node, farewell: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("restart" as const), node, skewMs }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("pause" as const, "resume" as const), node }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

const take = (mesh: VirtualMesh, chosen: Step): void => {
  if (chosen.kind === "faults") {
    mesh.faults = chosen.faults;
    return;
  }
  const on = mesh.nodes[chosen.node % mesh.nodes.length];
  if (on !== undefined) takeOn(mesh, on, chosen);
};

const changedIn = (chosen: Extract<Step, { kind: "change" | "burst" }>): readonly TopicId[] =>
  chosen.kind === "burst" ? topics : topics.slice(chosen.topic, chosen.topic + 1);

const takeOn = (mesh: VirtualMesh, on: Node, chosen: Exclude<Step, { kind: "faults" }>): void => {
  switch (chosen.kind) {
    case "change":
    case "burst":
      if (on.mode === "running") for (const topic of changedIn(chosen)) mesh.change(on, topic, chosen.count);
      break;
    case "partition":
      on.partition = chosen.side;
      break;
    case "die":
      mesh.die(on, chosen.farewell);
      break;
    case "restart":
      mesh.restart(on, chosen.skewMs);
      break;
    case "pause":
      mesh.pause(on);
      break;
    case "resume":
      mesh.resume(on);
      break;
  }
};

const lookMs = heartbeatMs / 10;

const faultsIn = (mesh: VirtualMesh, isDeadForgotten: boolean): readonly string[] =>
  mesh.running.flatMap((one) => mesh.faultsOf(one, topics, isDeadForgotten));

test(`within two heartbeats after the last fault every proxy knows every other one's topics (${runs} schedules)`, {
  timeout: 1_800_000,
}, () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 5 }),
      fc.integer(),
      fc.array(fc.record({ step, waitMs: fc.constantFrom(0, 5, 50, 300, 1_000, 2_500, 5_000) }), { maxLength: 30 }),
      (size, seed, schedule) => {
        const mesh = new VirtualMesh(size, seed);
        for (const { step: chosen, waitMs } of schedule) {
          take(mesh, chosen);
          mesh.advance(waitMs);
        }
        mesh.faults = noFaults;
        for (const one of mesh.nodes) {
          one.partition = 0;
          mesh.resume(one);
        }
        mesh.advance(twoHeartbeatsMs);
        expect(faultsIn(mesh, false)).toEqual([]);
        // What was sent before and comes later still must not change it, not even until the next heartbeat.
        for (let waited = 0; waited < latestMs; waited += lookMs) {
          mesh.advance(lookMs);
          expect(faultsIn(mesh, false)).toEqual([]);
        }
        // Counted from the last message, which may have been late.
        mesh.advance(peerTimeoutMs);
        expect(faultsIn(mesh, true)).toEqual([]);
      },
    ),
    { numRuns: runs },
  );
});
