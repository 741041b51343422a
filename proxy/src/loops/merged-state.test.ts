import { describe, expect, test } from "vitest";
import { atCapacityReason } from "../http/readiness.ts";
import type { LoopState } from "./loop-calls.ts";
import {
  mergedBreaker,
  mergedDegraded,
  mergedMoves,
  mergedNotReady,
  mergedPeers,
  mergedQueues,
  mergedStats,
  mergedTopics,
  shedOfLoops,
} from "./merged-state.ts";

const stats = {
  active: 1,
  idle: 2,
  connecting: 3,
  closing: 4,
  totalCreated: 10,
  totalClosed: 5,
  topics: 9,
  effectiveMax: 7,
};

const loop = (changes: Partial<LoopState> = {}): LoopState => ({
  health: { status: "healthy", connections: 3, uptime_seconds: 1 },
  notReady: [],
  stats,
  moves: { moved: 2, shedding: 1 },
  journalConnected: true,
  breaker: "none",
  peers: [],
  ...changes,
});

const peer = (id: string, lastHeardAt: number) => ({
  id,
  build: "1",
  protocol: 2,
  knowledge: "held" as const,
  topics: 1,
  connections: 1,
  startedAt: 0,
  lastHeardAt,
});

test("streams are added up; those of a loop that is gone are closed", () => {
  const facts = { loops: [loop(), loop()], ended: { created: 100, moved: 7 }, topics: 6, effectiveMax: 50 };
  expect(mergedStats(facts)).toEqual({
    active: 2,
    idle: 4,
    connecting: 6,
    closing: 8,
    totalCreated: 120,
    totalClosed: 110,
    topics: 6,
    effectiveMax: 50,
  });
  expect(mergedMoves(facts.loops, facts.ended)).toEqual({ moved: 11, shedding: 2 });
});

describe("ready", () => {
  const journal = "the journal has not been reached yet";
  test.each<[string, readonly (readonly string[])[], readonly string[]]>([
    ["all are", [[], []], []],
    ["one is not: another takes the clients", [[], [journal]], []],
    ["none is", [[journal], [journal]], [journal]],
    ["one is full: some clients would come to it", [[], [atCapacityReason]], [atCapacityReason]],
    ["there is none", [], ["no event loop is running"]],
  ])("%s", (_, reasons, expected) => {
    expect(mergedNotReady(reasons.map((notReady) => loop({ notReady })))).toEqual(expected);
  });
});

test("a reason that several loops give is given once", () => {
  const health = { status: "degraded" as const, connections: 0, uptime_seconds: 0, reasons: ["journal"] };
  expect(mergedDegraded([loop({ health }), loop({ health }), loop()])).toEqual(["journal"]);
});

test.each([
  [["none", "none"], "none"],
  [["closed", "closed"], "closed"],
  [["closed", "open"], "open"],
] as const)("breakers %s are %s", (breakers, expected) => {
  expect(mergedBreaker(breakers.map((breaker) => loop({ breaker })))).toBe(expected);
});

test("of a peer the latest word counts", () => {
  const loops = [loop({ peers: [peer("a", 1), peer("b", 5)] }), loop({ peers: [peer("a", 2)] })];
  expect(mergedPeers(loops)).toEqual([peer("a", 2), peer("b", 5)]);
});

test("queues are added up, but the furthest is the furthest", () => {
  const queues = {
    behind: 1,
    eventsBehindMax: 4,
    eventsBehindTotal: 5,
    blocked: 1,
    reading: 1,
    ringBytes: 10,
    ringBytesMax: 20,
    replays: 1,
    replaysWaiting: 0,
  };
  expect(mergedQueues([queues, { ...queues, eventsBehindMax: 9 }])).toEqual({
    behind: 2,
    eventsBehindMax: 9,
    eventsBehindTotal: 10,
    blocked: 2,
    reading: 2,
    ringBytes: 20,
    ringBytesMax: 40,
    replays: 2,
    replaysWaiting: 0,
  });
});

test("a topic of several loops is one topic", () => {
  const topic = (name: string, subscribers: number) => ({ topic: name, id: name, subscribers });
  expect(
    mergedTopics(
      [
        [topic("a", 1), topic("c", 1)],
        [topic("a", 2), topic("b", 5)],
      ],
      2,
    ),
  ).toEqual([topic("a", 3), topic("b", 5)]);
});

test.each<readonly [string, { streams: number; keep: number }, readonly number[], readonly number[]]>([
  ["all of it, by the streams that each has", { streams: 30, keep: 0 }, [40, 20, 0], [20, 10, 0]],
  ["what is to be kept stays", { streams: 100, keep: 50 }, [40, 20], [7, 3]],
  ["one stream more or less for what does not divide", { streams: 2, keep: 0 }, [1, 1, 1], [1, 0, 1]],
  ["0 stops it", { streams: 0, keep: 0 }, [40, 20], [0, 0]],
  ["nobody there", { streams: 5, keep: 0 }, [0, 0], [0, 0]],
])("a shed: %s", (_, shed, open, expected) => {
  const parts = shedOfLoops({ ...shed, ratePerSec: 10 }, open);
  expect(parts.map((part) => part.streams)).toEqual(expected);
  for (const [index, part] of parts.entries()) expect(part.keep + part.streams).toBe(open[index]);
});
