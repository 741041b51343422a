import { describe, expect, it } from "vitest";
import { Peers } from "./peers.ts";
import { heartbeat, lifeNumber, oldHeartbeat } from "./testing/heartbeats.ts";

const peersOf = (mostPeers = 10) => new Peers({ timeoutMs: 1_000, mostTopics: 10, mostPeers });
const beat = (life: number, seq: number, changes: Parameters<typeof heartbeat>[0] = {}) =>
  heartbeat({ process: { life: lifeNumber(life), seq }, ...changes });

describe("the peers of a proxy", () => {
  it("are known from their first word until the time-out", () => {
    const peers = peersOf();
    expect(peers.heard(beat(1, 1), 0).kind).toBe("new");
    expect(peers.heard(beat(1, 2, { topics: 9 }), 500).kind).toBe("known");
    expect(peers.all(1_499).map(({ said, lastHeardAt }) => [said.topics, lastHeardAt])).toEqual([[9, 500]]);
    expect(peers.all(1_500)).toEqual([]);
  });

  it("are not changed by words that come late or twice, not even after the time-out", () => {
    const peers = peersOf();
    peers.heard(beat(1, 5), 0);
    expect(peers.heard(beat(1, 5), 900).kind).toBe("ignored");
    expect(peers.heard(beat(1, 4, { topics: 7 }), 900).kind).toBe("ignored");
    expect(peers.all(1_000)).toEqual([]);
    expect(peers.heard(beat(1, 3), 1_100).kind).toBe("ignored");
    expect(peers.heard(beat(1, 6), 1_200).kind).toBe("new");
  });

  it("are gone with a goodbye, and what comes after it does not bring them back", () => {
    const peers = peersOf();
    peers.heard(beat(1, 1), 0);
    expect(peers.heard(beat(1, 3, { bye: true }), 1).kind).toBe("gone");
    expect(peers.heard(beat(1, 2), 2).kind).toBe("ignored");
    expect(peers.heard(beat(1, 3, { bye: true }), 3).kind).toBe("ignored");
    expect(peers.all(4)).toEqual([]);
  });

  it("begin anew with a later process, and an earlier one is told so", () => {
    const peers = peersOf();
    const first = peers.heard(beat(9, 7), 0);
    const second = peers.heard(beat(1, 1, { epoch: 2 }), 1);
    expect([second.kind, "peer" in second && "peer" in first && second.peer.topics === first.peer.topics]).toEqual([
      "new",
      false,
    ]);
    expect(peers.heard(beat(9, 8), 2)).toEqual({ kind: "outdated", epoch: 2 });
    expect(peers.heard(beat(9, 9, { bye: true }), 3).kind).toBe("outdated");
    expect(peers.all(4).map(({ said }) => said.epoch)).toEqual([2]);
  });

  it("are told apart by name where two have the same epoch", () => {
    const peers = peersOf();
    peers.heard(beat(1, 1), 0);
    expect(peers.heard(beat(2, 1), 1).kind).toBe("new");
    expect(peers.heard(beat(1, 2), 2).kind).toBe("outdated");
  });

  it("keep their topics when one raises its epoch", () => {
    const peers = peersOf();
    const first = peers.heard(beat(1, 1), 0);
    const second = peers.heard(beat(1, 2, { epoch: 9 }), 1);
    expect(second.kind).toBe("known");
    expect("peer" in second && "peer" in first && second.peer.topics === first.peer.topics).toBe(true);
  });

  it("are a bounded number", () => {
    const peers = peersOf(2);
    expect(peers.heard(heartbeat({ proxyId: "a" }), 0).kind).toBe("new");
    expect(peers.heard(beat(2, 1, { proxyId: "b" }), 500).kind).toBe("new");
    expect(peers.heard(beat(3, 1, { proxyId: "c" }), 500).kind).toBe("ignored");
    expect(peers.heard(beat(2, 2, { proxyId: "b" }), 900).kind).toBe("known");
    expect(peers.heard(beat(3, 2, { proxyId: "c" }), 1_000).kind).toBe("new");
  });

  it("of protocol 1 have no topics, come and go by their epochs, and come back after a pause", () => {
    const peers = peersOf();
    const heard = peers.heard(oldHeartbeat(), 0);
    expect([heard.kind, "peer" in heard && heard.peer.topics]).toEqual(["new", undefined]);
    expect(peers.heard(oldHeartbeat(), 500).kind).toBe("known");
    expect(peers.heard(oldHeartbeat({ epoch: 2 }), 600).kind).toBe("new");
    expect(peers.heard(oldHeartbeat({ epoch: 1 }), 700).kind).toBe("outdated");
    expect(peers.all(1_600)).toEqual([]);
    expect(peers.heard(oldHeartbeat({ epoch: 2 }), 1_700).kind).toBe("new");
    expect(peers.heard(oldHeartbeat({ epoch: 2, bye: true }), 1_800).kind).toBe("gone");
    expect(peers.heard(oldHeartbeat({ epoch: 2 }), 1_900).kind).toBe("ignored");
  });

  it("change builds both ways under the same id", () => {
    const peers = peersOf();
    peers.heard(oldHeartbeat(), 0);
    expect(peers.heard(beat(1, 1, { epoch: 2 }), 1).kind).toBe("new");
    expect(peers.heard(oldHeartbeat({ epoch: 3 }), 2).kind).toBe("new");
    expect(peers.all(3).map(({ said, topics }) => [said.protocol, topics])).toEqual([[1, undefined]]);
  });
});
