import { expect, test } from "vitest";
import { censusOfPods, loopName, peerPods, podOf } from "./pods.ts";
import type { PeerStatus } from "./topic-state-sync.ts";

const peer = (id: string, changes: Partial<PeerStatus> = {}): PeerStatus => ({
  id,
  build: "1.0.0",
  protocol: 2,
  topics: 3,
  connections: 10,
  startedAt: 100,
  lastHeardAt: 200,
  knowledge: "held",
  ...changes,
});

test("a loop's name leads to its proxy", () => {
  expect([podOf(loopName("pod-1", 2)), podOf("pod-1")]).toEqual(["pod-1", "pod-1"]);
});

test("the loops of a proxy are one peer, and one's own are none", () => {
  const peers = [
    peer("me~1"),
    peer("alone"),
    peer("other~1", { startedAt: 50, knowledge: "behind" }),
    peer("other~2", { lastHeardAt: 300, protocol: 1 }),
  ];
  expect(peerPods(peers, "me~2")).toEqual([
    peer("alone"),
    peer("other", { topics: 6, connections: 20, startedAt: 50, lastHeardAt: 300, protocol: 1, knowledge: "behind" }),
  ]);
});

test("streams and silence are those of proxies", () => {
  const counts = new Map([
    ["me~1", 4],
    ["other~1", 1],
    ["other~2", 2],
    ["alone", 5],
  ]);
  expect(censusOfPods({ counts, silent: ["third~1", "third~2", "me~3"] }, "me~2")).toEqual({
    counts: new Map([
      ["other", 3],
      ["alone", 5],
    ]),
    silent: ["third"],
  });
});
