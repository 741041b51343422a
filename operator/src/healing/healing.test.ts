import type { Replacement } from "@revenprox/contract/resource/status-healing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PodFigures, PodLoad } from "../fleet/pod-load.ts";
import { ailmentsAfter } from "./ailments.ts";
import { charged, withinHour } from "./budget.ts";
import { decideHealing, type HealingFacts, healingSettings } from "./decide.ts";

const well: PodFigures = {
  streams: 10,
  limit: 100,
  topics: 1,
  draining: false,
  degraded: [],
  natsConnected: true,
  breaker: "closed",
  moved: 0,
  shedding: 0,
};
const pod = (name: string, figures: Partial<PodFigures> | undefined = {}, more: Partial<PodLoad> = {}): PodLoad => ({
  pod: name,
  uid: `uid-${name}`,
  owner: "rs",
  ready: true,
  goneBy: undefined,
  figures: figures === undefined ? undefined : { ...well, ...figures },
  ...more,
});
const silent = (name: string, ready = true): PodLoad => ({ ...pod(name), figures: undefined, ready });
const cut = (name: string, more: Partial<PodLoad> = {}) => pod(name, { natsConnected: false }, more);
const broken = (name: string) => pod(name, { breaker: "open" });
const going = (name: string) => pod(name, { draining: true }, { ready: false, goneBy: 1 });
const past = (count: number): readonly Replacement[] =>
  Array.from({ length: count }, (_, index) => ({
    pod: `old-${index}`,
    uid: `uid-old-${index}`,
    cause: "NatsLost",
    time: "2026-11-23T12:00:00Z",
  }));

/** Facts after the pods have been as they are for `seconds`. */
const facts = (loads: readonly PodLoad[], seconds = 120, more: Partial<HealingFacts> = {}): HealingFacts => ({
  settings: healingSettings({}),
  loads,
  ailments: ailmentsAfter(ailmentsAfter([], loads, 0), loads, seconds * 1_000),
  settled: true,
  past: [],
  ...more,
});
const said = (given: HealingFacts): string => {
  const decision = decideHealing(given);
  if (decision.kind === "replace") return `replace ${decision.ailment.pod}`;
  return decision.kind === "restrained" ? decision.by : decision.kind;
};

describe("which proxy is replaced", () => {
  test.each<readonly [string, HealingFacts, string]>([
    ["all are fine", facts([pod("a"), pod("b")]), "none"],
    ["one has lost NATS", facts([cut("a"), pod("b"), pod("c")]), "replace a"],
    ["one of two has lost NATS", facts([cut("a"), pod("b")]), "replace a"],
    ["one has an open breaker", facts([pod("a"), broken("b"), pod("c")]), "replace b"],
    ["it has no verifier", facts([cut("a"), pod("b", { breaker: "none" })]), "replace a"],
    ["an older build tells nothing of breakers", facts([cut("a"), pod("b", { breaker: undefined })]), "replace a"],
    ["not for long yet", facts([cut("a"), pod("b")], 119), "none"],
    ["the only one", facts([cut("a")]), "MostAffected"],
    ["two of three", facts([cut("a"), cut("b"), pod("c")]), "MostAffected"],
    ["two of four: one at a time", facts([cut("b"), cut("a"), pod("c"), pod("d")]), "replace a"],
    ["peers that say nothing are not fine", facts([cut("a"), silent("b"), pod("c"), silent("d")]), "MostAffected"],
    ["peers that are not ready are not fine", facts([cut("a"), silent("b", false)]), "MostAffected"],
    ["silence alone", facts([silent("a"), pod("b"), pod("c")]), "none"],
    ["another one goes", facts([cut("a"), pod("b"), pod("c"), going("d")]), "PodsChange"],
    ["another one comes", facts([cut("a"), pod("b"), pod("c"), pod("d", {}, { ready: false })]), "PodsChange"],
    ["a rollout", facts([cut("a"), pod("b")], 120, { settled: false }), "PodsChange"],
    ["it never was ready", facts([cut("a", { ready: false }), pod("b"), pod("c")]), "replace a"],
    ["no budget", facts([cut("a"), pod("b")], 120, { past: past(3) }), "exhausted"],
    ["the last of the budget", facts([cut("a"), pod("b")], 120, { past: past(2) }), "replace a"],
    [
      "switched off",
      facts([cut("a"), pod("b")], 120, { settings: healingSettings({ healing: { enabled: false } }) }),
      "Disabled",
    ],
    [
      "one whose eviction did not get through counts once",
      facts([cut("a"), pod("b")], 120, {
        past: [...past(2), { pod: "a", uid: "uid-a", cause: "NatsLost", time: "2026-11-23T12:00:00Z" }],
      }),
      "replace a",
    ],
  ])("%s", (_, given, expected) => {
    expect(said(given)).toBe(expected);
  });

  test("the one that ails longest goes first", () => {
    const first = ailmentsAfter([], [pod("a"), cut("b"), pod("c"), pod("d")], 0);
    const loads = [cut("a"), cut("b"), pod("c"), pod("d")];
    const ailments = ailmentsAfter(ailmentsAfter(first, loads, 1_000), loads, 200_000);
    expect(said({ ...facts(loads), ailments })).toBe("replace b");
  });
});

describe("how long a proxy ails", () => {
  const since = (...readings: readonly (readonly PodLoad[])[]) =>
    readings.reduce((before, loads, index) => ailmentsAfter(before, loads, index * 10), ailmentsAfter([], [], 0))[0]
      ?.since;

  test.each<readonly [string, readonly (readonly PodLoad[])[], number | undefined]>([
    ["from the first time it said so", [[cut("a")], [cut("a")], [cut("a")]], 0],
    ["anew after it was fine", [[cut("a")], [pod("a")], [cut("a")]], 20],
    ["anew with another cause", [[broken("a")], [cut("a")]], 10],
    ["silence changes nothing", [[cut("a")], [silent("a")], [cut("a")]], 0],
    ["not at all once it goes", [[cut("a")], [going("a")]], undefined],
    ["not at all once it is gone", [[cut("a")], []], undefined],
  ])("%s", (_, readings, expected) => {
    expect(since(...readings)).toBe(expected);
  });

  test("an old reading does not become due by waiting", () => {
    const loads = [cut("a"), pod("b")];
    const given = { ...facts(loads), ailments: ailmentsAfter([], loads, 0) };
    expect(said(given)).toBe("none");
  });
});

const startedAt = Date.parse("2026-11-23T12:00:00Z");

describe("the budget", () => {
  test.each([
    ["an hour ago and less", 3_600_000, 1],
    ["more than an hour ago", 3_601_000, 0],
    ["of the future, after a clock was set back", -5_000, 1],
  ])("counts what was %s: %i ms", (_, ago, counted) => {
    const [replacement] = past(1);
    expect(withinHour(replacement === undefined ? [] : [replacement], new Date(startedAt + ago))).toHaveLength(counted);
  });

  test("counts a pod once, from the last try of its eviction on: that may be the one that gets through", () => {
    const ailment = { pod: "a", uid: "uid-a", cause: "NatsLost", since: 0, seenAt: 0 } as const;
    const first = charged([], ailment, new Date(startedAt));
    const again = charged(first, ailment, new Date(startedAt + 3_000_000));
    expect(again).toHaveLength(1);
    expect(withinHour(again, new Date(startedAt + 3_700_000))).toEqual(again);
  });

  /** What happens to four pods between two looks: time, which of them are cut, whether the operator starts anew. */
  const step = fc.record({
    ms: fc.integer({ min: 0, max: 1_500_000 }),
    states: fc.array(fc.constantFrom("well", "cut", "broken", "silent"), { minLength: 4, maxLength: 4 }),
    restarts: fc.boolean(),
    evicted: fc.boolean(),
  });
  const look = { well: pod, cut, broken, silent } as const;

  test("is never exceeded, under any schedule, restarts of the operator included", () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 4 }),
        (steps, maxReplacementsPerHour) => {
          const settings = healingSettings({ healing: { maxReplacementsPerHour, afterSeconds: 10 } });
          const replaced = new Map<string, number>();
          let written: readonly Replacement[] = [];
          let ailments: ReturnType<typeof ailmentsAfter> = [];
          let [now, names] = [startedAt, ["0", "1", "2", "3"]];
          for (const [index, { ms, states, restarts, evicted }] of steps.entries()) {
            now += ms;
            const loads = names.map((name, at) => look[states[at] ?? "well"](name));
            ailments = ailmentsAfter(restarts ? [] : ailments, loads, now);
            const counted = withinHour(written, new Date(now));
            const decision = decideHealing({ settings, loads, ailments, settled: true, past: counted });
            if (decision.kind !== "replace") continue;
            const { uid, pod: name } = decision.ailment;
            written = charged(counted, decision.ailment, new Date(now));
            if (!evicted) continue;
            replaced.set(uid, now);
            names = names.map((each) => (each === name ? `${each}-${index}` : each));
          }
          const times = [...replaced.values()];
          for (const from of times) {
            const inHour = times.filter((at) => at >= from && at - from < 3_600_000).length;
            expect(inHour).toBeLessThanOrEqual(maxReplacementsPerHour);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
