import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide } from "./decide.ts";
import type { History } from "./history.ts";
import type { Limits, Target } from "./plan.ts";
import { holding, silent, starting } from "./testing/pods.ts";
import { loadOf, wishOf } from "./wish.ts";

const second = 1_000;
const lookMs = 15 * second;
/** Looks that a new pod takes to become ready. */
const startLooks = 2;

const pace = (maxPods: fc.Arbitrary<number | undefined>, window: number) =>
  fc.record({
    windowMs: fc.integer({ min: 0, max: window }).map((value) => value * second),
    maxPods,
    periodMs: fc.integer({ min: 1, max: 120 }).map((value) => value * second),
  });

const limits: fc.Arbitrary<Limits> = fc
  .record({
    min: fc.integer({ min: 1, max: 5 }),
    span: fc.integer({ min: 0, max: 40 }),
    up: pace(fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }), 60),
    down: pace(fc.integer({ min: 1, max: 5 }), 600),
  })
  .map(({ min, span, up, down }) => ({ min, max: min + span, up, down }));

const target: fc.Arbitrary<Target> = fc.record({
  perPod: fc.integer({ min: 1, max: 20_000 }),
  tolerance: fc.integer({ min: 1, max: 50 }).map((percent) => percent / 100),
});

/** What one look finds: streams as a share of what maxReplicas hold, and whether a pod keeps silent. */
const look = fc.record({ share: fc.double({ min: 0, max: 1.5, noNaN: true }), silent: fc.integer({ min: 0, max: 9 }) });
/** Levels with noise on them, as loads are: a level holds for some looks. */
const curve = fc.array(fc.tuple(look, fc.integer({ min: 1, max: 30 })), { minLength: 1, maxLength: 20 });

interface Point {
  readonly at: number;
  readonly replicas: number;
  readonly by: number;
  readonly incomplete: boolean;
}

interface Run {
  readonly points: readonly Point[];
  readonly history: History | undefined;
}

/** Plays a load against the decisions; the pods follow two looks later. */
const play = (
  levels: readonly { readonly streams: number; readonly silent: number }[],
  { bounds, aim, start }: { readonly bounds: Limits; readonly aim: Target; readonly start: number },
): Run => {
  const points: Point[] = [];
  let history: History | undefined;
  let current = start;
  levels.forEach(({ streams, silent: quiet }, index) => {
    const at = index * lookMs;
    const ready = Math.min(current, points.at(-startLooks)?.replicas ?? start);
    const mute = Math.min(quiet, ready);
    const share = Math.floor(streams / ready);
    const answering = Array<number>(ready - mute).fill(share);
    if (mute === 0) answering[0] = streams - share * (ready - 1);
    const pods = [...holding(...answering), ...silent(mute), ...starting(current - ready)];
    const decision = decide({ now: at, current, load: loadOf(pods), limits: bounds, target: aim, history });
    points.push({ at, replicas: decision.replicas, by: decision.replicas - current, incomplete: mute > 0 });
    history = decision.history;
    current = decision.replicas;
  });
  return { points, history };
};

const scenario = fc.record({ bounds: limits, aim: target, start: fc.integer({ min: 1, max: 50 }), curve });

const levelsOf = ({
  bounds,
  aim,
  curve: looks,
}: {
  bounds: Limits;
  aim: Target;
  curve: readonly (readonly [{ share: number; silent: number }, number])[];
}) =>
  looks.flatMap(([{ share, silent: quiet }, times]) =>
    Array.from({ length: times }, () => ({
      streams: Math.round(share * bounds.max * aim.perPod),
      // Silence is seldom.
      silent: quiet > 6 ? quiet - 6 : 0,
    })),
  );

describe("whatever the load does", () => {
  test("replicas stay within the bounds", () => {
    fc.assert(
      fc.property(scenario, (each) => {
        for (const { replicas } of play(levelsOf(each), each).points) {
          expect(replicas).toBeGreaterThanOrEqual(each.bounds.min);
          expect(replicas).toBeLessThanOrEqual(each.bounds.max);
        }
      }),
    );
  });

  test("no change is taken back within the window of the way back", () => {
    fc.assert(
      fc.property(scenario, (each) => {
        // The first one may be a bound that a person set.
        const changes = play(levelsOf(each), each)
          .points.slice(1)
          .filter(({ by }) => by !== 0);
        changes.slice(1).forEach((now, index) => {
          const before = changes[index]!;
          if (Math.sign(before.by) === Math.sign(now.by)) return;
          const { windowMs } = now.by > 0 ? each.bounds.up : each.bounds.down;
          expect(now.at - before.at).toBeGreaterThan(windowMs);
        });
      }),
    );
  });

  test("steps keep their pace, and none goes down while a figure is missing", () => {
    fc.assert(
      fc.property(scenario, (each) => {
        const changes = play(levelsOf(each), each)
          .points.slice(1)
          .filter(({ by }) => by !== 0);
        for (const { at, by, incomplete } of changes) {
          if (by < 0) expect(incomplete).toBe(false);
          const { periodMs, maxPods } = by > 0 ? each.bounds.up : each.bounds.down;
          const inPeriod = changes.filter((one) => at - one.at >= 0 && at - one.at < periodMs && one.by > 0 === by > 0);
          const moved = inPeriod.reduce((sum, one) => sum + Math.abs(one.by), 0);
          if (maxPods !== undefined) expect(moved).toBeLessThanOrEqual(maxPods);
        }
      }),
    );
  });

  test("a load that stays the same finds its size, and then nothing changes", () => {
    fc.assert(
      fc.property(scenario, fc.double({ min: 0, max: 1.5, noNaN: true }), (each, share) => {
        const { bounds, aim } = each;
        const streams = Math.round(share * bounds.max * aim.perPod);
        const still = Array.from({ length: 600 }, () => ({ streams, silent: 0 }));
        const before = levelsOf(each);
        const { points } = play([...before, ...still], each);
        const wish = wishOf(loadOf(holding(streams)), aim);
        const clamp = (pods: number) => Math.min(bounds.max, Math.max(bounds.min, pods));
        const settled = points.at(-1)!.replicas;
        expect(settled).toBeGreaterThanOrEqual(clamp(wish.need));
        expect(settled).toBeLessThanOrEqual(clamp(wish.enough));
        expect(points.slice(-100).filter(({ by }) => by !== 0)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});
