import { describe, expect, test } from "vitest";
import type { PodFigures, PodLoad } from "../fleet/pod-load.ts";
import { resourceOf } from "../testing/resource.ts";
import { createHealer } from "./healer.ts";

const figures: PodFigures = {
  streams: 1,
  limit: 10,
  topics: 1,
  draining: false,
  degraded: [],
  natsConnected: true,
  breaker: "none",
  moved: 0,
  shedding: 0,
};
const pod = (name: string, natsConnected = true): PodLoad => ({
  pod: name,
  uid: name,
  owner: "rs",
  ready: true,
  goneBy: undefined,
  figures: { ...figures, natsConnected },
});

const revenprox = resourceOf({ healing: { afterSeconds: 60 } });

/** A healer on a clock that is moved by hand; answers come in between two looks. */
const harness = () => {
  let [now, asked, told] = [0, 0, 0];
  let loads: readonly PodLoad[] = [pod("a"), pod("b")];
  const healer = createHealer({ now: () => now, onAiling: () => void told++ });
  const look = () =>
    healer.look(revenprox, {
      loads: async () => {
        asked += 1;
        return loads;
      },
      settled: true,
      now: new Date(now),
    });
  return {
    healer,
    look,
    become: (next: readonly PodLoad[]) => (loads = next),
    /** Looks each time as late as the healer itself asks for, then lets the answer come in. */
    through: async (seconds: number) => {
      const until = now + seconds * 1_000;
      while (now < until) {
        const { againSeconds } = look();
        await Promise.resolve();
        await Promise.resolve();
        now += Math.min(againSeconds * 1_000, until - now);
      }
    },
    pass: (seconds: number) => (now += seconds * 1_000),
    counts: () => ({ asked, told }),
  };
};

describe("the healer", () => {
  test("asks proxies that are fine once a minute, and troubles nobody", async () => {
    const { through, counts } = harness();
    await through(600);
    expect(counts()).toEqual({ asked: 10, told: 0 });
  });

  test("looks more often at one that is cut off, and replaces it on a fresh reading only", async () => {
    const { through, look, become, pass } = harness();
    become([pod("a", false), pod("b")]);
    await through(60);
    expect(look().decision).toMatchObject({ kind: "none" });
    await through(10);
    look();
    await Promise.resolve();
    await Promise.resolve();
    const fresh = look();
    expect(fresh.decision).toMatchObject({ kind: "replace", ailment: { pod: "a" } });
    expect(fresh.counted.map(({ uid }) => uid)).toEqual(["a"]);
    pass(6);
    const stale = look();
    expect(stale.decision).toMatchObject({ kind: "none" });
    expect(stale.counted).toEqual([]);
  });

  test("tells of it when it is well again, too", async () => {
    const { through, become, counts } = harness();
    become([pod("a", false), pod("b")]);
    await through(30);
    const before = counts().told;
    become([pod("a"), pod("b")]);
    await through(20);
    expect(counts().told).toBe(before + 1);
  });

  test("begins anew where another operator has led", async () => {
    const { through, look, become, healer } = harness();
    become([pod("a", false), pod("b")]);
    await through(100);
    healer.forgetAll();
    await through(20);
    expect(look().decision).toMatchObject({ kind: "none" });
  });
});
