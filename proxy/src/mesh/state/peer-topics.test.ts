import { describe, expect, it } from "vitest";
import { mostInBucket, OwnTopics } from "./own-topics.ts";
import { PeerTopics } from "./peer-topics.ts";
import { lifeNumber, topicIn } from "./testing/heartbeats.ts";

const start = (mostTopics = 100, mostChanges = 2) => {
  const truth = new Map<ReturnType<typeof topicIn>, number>();
  const own = new OwnTopics({ life: lifeNumber(1), mostChanges, subscribers: (topicId) => truth.get(topicId) ?? 0 });
  const peer = new PeerTopics(mostTopics);
  const change = (topicId: ReturnType<typeof topicIn>, count: number) => {
    truth.set(topicId, count);
    own.changed(topicId);
  };
  const compare = () => peer.compare(own.digest(), own.size);
  const mend = () => {
    const wanted = new Set(compare());
    while (wanted.size > 0) peer.snapshot(own.snapshot(wanted));
  };
  return { own, peer, change, compare, mend };
};

const [a, b, c] = [topicIn(0), topicIn(1), topicIn(200)];

describe("what is known of a peer's topics", () => {
  it("is nothing before the first comparison, and exact with each change after it", () => {
    const { own, peer, change, compare } = start();
    expect([peer.count(a), peer.knowledge]).toEqual([undefined, "behind"]);
    expect(compare()).toEqual([]);
    expect([peer.count(a), peer.knowledge]).toEqual([0, "held"]);
    change(a, 2);
    change(c, 1);
    for (const delta of own.flush()) peer.delta(delta);
    expect([peer.count(a), peer.count(b), peer.count(c), peer.size]).toEqual([2, 0, 1, 2]);
    change(a, 0);
    for (const delta of own.flush()) peer.delta(delta);
    expect([peer.count(a), compare()]).toEqual([0, []]);
  });

  it("asks for the buckets that differ, and for no others", () => {
    const { own, peer, change, compare, mend } = start();
    compare();
    change(a, 1);
    change(c, 1);
    own.flush();
    expect(compare()).toEqual([0, 100]);
    expect([peer.count(b), peer.count(topicIn(90))]).toEqual([undefined, 0]);
    mend();
    expect([peer.count(a), peer.count(c), peer.knowledge]).toEqual([1, 1, "held"]);
  });

  it("takes each change once, in whatever order and however often it comes", () => {
    const { own, peer, change, compare } = start();
    compare();
    change(a, 1);
    const [first] = own.flush();
    change(a, 2);
    const [second] = own.flush();
    if (first === undefined || second === undefined) throw new Error("no changes");
    peer.delta(second);
    expect(peer.count(a)).toBeUndefined();
    peer.delta(first);
    peer.delta(second);
    peer.delta(first);
    compare();
    expect([peer.count(a), compare()]).toEqual([2, []]);
  });

  it("is not changed by a snapshot or a comparison that comes late", () => {
    const { own, peer, change, mend, compare } = start();
    change(a, 1);
    own.flush();
    const early = own.snapshot(new Set([0]));
    const digest = own.digest();
    change(a, 2);
    own.flush();
    mend();
    peer.snapshot(early);
    expect(peer.compare(digest, 1)).toEqual([]);
    expect([peer.count(a), compare()]).toEqual([2, []]);
  });

  it("is the number alone while there are too many", () => {
    const { own, peer, change, compare, mend } = start(10);
    const fill = (count: number) => {
      for (let number = 0; number < 20; number += 1) change(topicIn(number * 9), number < count ? 1 : 0);
      return own.flush();
    };
    fill(10);
    mend();
    expect([peer.knowledge, peer.size]).toEqual(["held", 10]);
    for (const delta of fill(11)) peer.delta(delta);
    expect([peer.knowledge, peer.size, peer.count(a)]).toEqual(["counted", 0, undefined]);
    expect(compare()).toEqual([]);
    fill(10);
    mend();
    expect(peer.knowledge).toBe("counted");
    fill(9);
    mend();
    expect([peer.knowledge, peer.size]).toEqual(["held", 9]);
  });

  it("is never more than the bound, whatever a peer sends", () => {
    const { peer, compare } = start(10);
    compare();
    const topics = Array.from({ length: 11 }, (_, number) => [topicIn(0, number), 1] as const);
    peer.snapshot({ kind: "snapshot", life: lifeNumber(1), version: 1, buckets: [{ bucket: 0, topics }] });
    expect([peer.knowledge, peer.size]).toEqual(["counted", 0]);
  });

  it("leaves out a bucket that does not fit into a message", () => {
    const { own, peer, change, compare, mend } = start(1_000_000, 5_000);
    for (let number = 0; number <= mostInBucket; number += 1) change(topicIn(0, number), 1);
    change(c, 4);
    own.flush();
    mend();
    expect([peer.count(a), peer.count(c), compare()]).toEqual([undefined, 4, [0]]);
  });
});

describe("messages about topics", () => {
  it("hold so many changes, and whole buckets", () => {
    const { own, change } = start(100, 2);
    for (let number = 0; number < 5; number += 1) change(topicIn(0, number), 1);
    change(c, 1);
    expect(own.flush().map(({ from, changes }) => [from, changes.length])).toEqual([
      [0, 2],
      [2, 2],
      [4, 2],
    ]);
    expect(own.flush()).toEqual([]);
    const wanted = new Set([0, 5, 100]);
    const parts = [own.snapshot(wanted), own.snapshot(wanted)];
    expect(parts.map(({ buckets }) => buckets.map(({ bucket, topics }) => [bucket, topics?.length]))).toEqual([
      [[0, 5]],
      [
        [5, 0],
        [100, 1],
      ],
    ]);
    expect(wanted.size).toBe(0);
  });

  it("are not made of a topic whose count is the same again", () => {
    const { own, change } = start();
    change(a, 1);
    change(a, 0);
    expect(own.flush()).toEqual([]);
  });
});
