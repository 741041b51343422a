import { describe, expect, it } from "vitest";
import type { Heartbeat } from "./state-message.ts";
import { heartbeat, lifeNumber, oldHeartbeat, topicIn } from "./testing/heartbeats.ts";
import { TopicState, type TopicStateDeps } from "./topic-state.ts";

const stateOf = (changes: Partial<TopicStateDeps> = {}) =>
  new TopicState({
    proxyId: "me",
    life: lifeNumber(100),
    epoch: 10,
    build: "test",
    subscribers: () => 1,
    connections: () => 2,
    timeoutMs: 1_000,
    mostTopics: 10,
    mostChanges: 100,
    ...changes,
  });

const lastBeat = (state: TopicState): Heartbeat => {
  const message = state.heartbeat().at(-1)?.message;
  if (message?.kind !== "heartbeat") throw new Error("no heartbeat");
  return message;
};

describe("the topic state of a proxy", () => {
  it("costs the same per heartbeat for any number of topics", () => {
    const [few, many] = [stateOf(), stateOf()];
    for (let number = 0; number < 5_000; number += 1) many.changed(topicIn(number % 256, number));
    many.flush();
    const [small, large] = [few, many].map((state) => {
      const beats = state.heartbeat();
      return { messages: beats.length, digests: lastBeat(state).state?.digests.toText().length };
    });
    expect(large).toEqual(small);
  });

  it("is told to a newcomer, and asked of it", () => {
    const state = stateOf();
    const other = stateOf({ proxyId: "b", life: lifeNumber(200) });
    other.changed(topicIn(4));
    const { send, announce, news } = state.receive(lastBeat(other), 0);
    expect([announce, news.map(({ kind }) => kind)]).toEqual([true, ["peer-new"]]);
    expect(send).toEqual([{ to: lifeNumber(200), message: { kind: "want", life: lifeNumber(100), buckets: [2] } }]);
    for (const { message } of send) other.receive(message, 0);
    const part = other.nextSnapshot();
    expect(part?.to).toBe(lifeNumber(100));
    if (part !== undefined) state.receive(part.message, 0);
    expect(state.audience(topicIn(4), 0)).toEqual({ counts: new Map([["b", 1]]), unknown: [] });
    expect(other.nextSnapshot()).toBeUndefined();
  });

  it("names the peers that must be asked", () => {
    const state = stateOf({ mostTopics: 1 });
    state.receive(oldHeartbeat({ proxyId: "old" }), 0);
    const { news } = state.receive(heartbeat({ proxyId: "large", topics: 2 }), 0);
    expect(news.map(({ kind }) => kind)).toEqual(["peer-new", "peer-counted"]);
    expect(state.audience(topicIn(4), 0)).toEqual({ counts: new Map(), unknown: ["old", "large"] });
    expect(state.peers(999)).toHaveLength(2);
    expect(state.peers(1_000)).toEqual([]);
  });

  it("takes a higher epoch when peers know one of its id, once a heartbeat", () => {
    const state = stateOf();
    expect(state.receive({ kind: "outdated", epoch: 9 }, 0).announce).toBe(false);
    expect(state.receive({ kind: "outdated", epoch: 20 }, 0).announce).toBe(true);
    expect(state.receive({ kind: "outdated", epoch: 30 }, 0).announce).toBe(false);
    expect(lastBeat(state).epoch).toBe(21);
    expect(state.receive({ kind: "outdated", epoch: 30 }, 0).announce).toBe(true);
    expect(lastBeat(state).epoch).toBe(31);
  });

  it("tells an earlier process of a peer that it is one", () => {
    const state = stateOf();
    state.receive(heartbeat({ epoch: 7, process: { life: lifeNumber(1), seq: 1 } }), 0);
    const { send } = state.receive(heartbeat({ epoch: 6, process: { life: lifeNumber(2), seq: 1 } }), 0);
    expect(send).toEqual([{ to: lifeNumber(2), message: { kind: "outdated", epoch: 7 } }]);
    expect(state.receive(oldHeartbeat({ epoch: 6 }), 0).send).toEqual([]);
  });

  it("says when another process uses its id, but not for a late word of an earlier one", () => {
    const state = stateOf();
    const news = [1, 2, 3].map(
      (seq) => state.receive(heartbeat({ proxyId: "me", process: { life: lifeNumber(1), seq } }), 0).news,
    );
    expect(news).toEqual([[], [], [{ kind: "namesake" }]]);
    expect(state.receive(lastBeat(state), 0)).toEqual({ send: [], announce: false, news: [] });
    expect(state.peers(0)).toEqual([]);
  });

  it("serves askers in turn, a message at a time", () => {
    const state = stateOf({ mostChanges: 1 });
    for (const byte of [0, 2]) state.changed(topicIn(byte));
    state.flush();
    for (const life of [lifeNumber(1), lifeNumber(2)]) state.receive({ kind: "want", life, buckets: [0, 1] }, 0);
    const served = Array.from({ length: 5 }, () => state.nextSnapshot()?.to);
    expect(served).toEqual([lifeNumber(1), lifeNumber(2), lifeNumber(1), lifeNumber(2), undefined]);
  });

  it("ends with a goodbye", () => {
    const peer = stateOf({ proxyId: "b" });
    const state = stateOf();
    state.receive(lastBeat(peer), 0);
    expect(state.receive(peer.farewell().message, 1).news).toEqual([{ kind: "peer-gone", proxyId: "b" }]);
    expect(state.receive(lastBeat(peer), 2).news).toEqual([]);
  });
});
