import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { type Fleet, podLoads } from "../fleet/fleet.ts";
import type { PodLoad } from "../fleet/pod-load.ts";
import type { LiveObject } from "../kube/object.ts";
import type { MarkPods } from "../kube/pod-deletion-cost.ts";
import type { ObjectStore } from "../kube/store.ts";
import type { ApplyOutcome, RolloutFacts } from "../reconcile/ports.ts";
import { causeOf } from "./cause.ts";
import { type Balance, type BalanceMemory, balance } from "./rebalance.ts";
import { continuedFrom, type MoveRecord, type PodEnding, recordOf } from "./record.ts";
import { type Scene, sceneOf } from "./scene.ts";
import { draining, isRolling, nextStep, type Step, staying } from "./step.ts";

export interface RolloutParts {
  readonly store: ObjectStore;
  readonly fleet: Fleet;
  readonly markPods: MarkPods;
  readonly endingOf: (uid: string) => PodEnding;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
  readonly wallClock: () => Date;
}

/** Takes the next step of one resource's proxies to `wanted` of them, and tells how far it is. Never throws. */
export type Rollout = (revenprox: RevenProx, wanted: number) => Promise<RolloutFacts>;

/** Milliseconds that figures may be old: of pods that drain, and before a step; of others while something moves; else. */
const ages = { fresh: 1_000, moving: 10_000, calm: 45_000 };
/** Seconds between two looks while streams move. */
const lookEverySec = 2;
/** Seconds until proxies are asked after a Deployment was paused, which waits for nobody's answer. */
const soonSec = 0.1;
/** Milliseconds after which what was remembered of a resource is stale: another operator may have led meanwhile. */
const staleMs = 180_000;

interface Memory {
  readonly at: number;
  readonly record: MoveRecord | undefined;
  readonly balance: BalanceMemory | undefined;
}

interface Known {
  readonly pods: readonly PodLoad[];
  /** Whether streams move, or are to. */
  readonly moving: boolean;
  readonly memory: Memory | undefined;
}

/** Whether the Deployment must be paused right now: the next pod may be ready, and another one go, any moment. */
const isUrgent = ({ paused, pods, now }: Scene): boolean => {
  const shapes = podLoads(pods);
  return !paused && isRolling(shapes) && draining(shapes, now.getTime()).length > 0;
};

const goesOn = (record: MoveRecord | undefined): boolean =>
  record !== undefined && record.status.finishedAt === undefined;

const isMoving = ({ wanted, current, now }: Scene, pods: readonly PodLoad[]): boolean =>
  wanted < current || isRolling(pods) || draining(pods, now.getTime()).length > 0;

/** Asks the proxies no more often than is needed: not at all where nothing depends on it. */
const readPods = async ({ fleet }: RolloutParts, scene: Scene, memory: Memory | undefined): Promise<Known> => {
  const { revenprox, now } = scene;
  const shapes = podLoads(scene.pods);
  const moving = isMoving(scene, shapes) || goesOn(memory?.record);
  const uneven = memory?.balance?.unevenSince !== undefined;
  const spreads = revenprox.spec.rollout?.rebalance?.enabled !== false && shapes.length > 1;
  if (!moving && !spreads) return { pods: shapes, moving, memory };
  const leaving = new Set(draining(shapes, now.getTime()).map(({ uid }) => uid));
  const isLeaving = ({ metadata }: LiveObject) => leaving.has(metadata.uid ?? "");
  const beforeStep = uneven || (moving && leaving.size === 0);
  const ageOfOthers = beforeStep ? ages.fresh : moving ? ages.moving : ages.calm;
  const others = scene.pods.filter((pod) => !isLeaving(pod));
  const read = Promise.all([
    fleet.read(revenprox, scene.pods.filter(isLeaving), ages.fresh),
    fleet.read(revenprox, others, ageOfOthers),
  ]);
  // Nobody is waited for where the next pod may go any moment: what was heard last is good enough to count by.
  const pods = isRolling(shapes) ? fleet.known(scene.pods) : (await read).flat();
  return { pods, moving, memory };
};

interface Taken {
  readonly step: Step;
  readonly outcomes: readonly ApplyOutcome[];
}

/** The step, after its victims were marked; where they cannot be, the Deployment keeps its number. */
const takeStep = async ({ markPods }: RolloutParts, scene: Scene, { pods }: Known): Promise<Taken> => {
  const { wanted, current, observed, pace, now } = scene;
  const step = nextStep({ wanted, current, observed, pods, podsAtOnce: pace.podsAtOnce, now: now.getTime() });
  if (step.victims.length === 0) return { step, outcomes: [] };
  const stay = new Set(staying(pods).map(({ uid }) => uid));
  try {
    const live = scene.pods.filter(({ metadata }) => stay.has(metadata.uid ?? ""));
    await markPods(live, step.victims);
    return { step, outcomes: [] };
  } catch (error) {
    const ref = { apiVersion: "v1", kind: "Pod", name: step.victims[0] ?? "" };
    const why = error instanceof Error ? error.message : String(error);
    const message = `it cannot be marked as the one that goes first: ${why}`;
    return { step: { ...step, replicas: current, victims: [] }, outcomes: [{ kind: "failed", ref, message }] };
  }
};

/** Has full pods give streams away, where it is time for that. */
const spread = async ({ fleet, now }: RolloutParts, scene: Scene, known: Known): Promise<Balance> => {
  const { revenprox, wanted, current, observed, pace } = scene;
  const { pods, moving, memory } = known;
  const next = balance({
    pods,
    rebalance: revenprox.spec.rollout?.rebalance,
    perInstance: pace.perInstance,
    unsettled: moving || !observed || wanted !== current || pods.length !== current,
    now: now(),
    memory: memory?.balance,
  });
  if (next.sheds.length > 0) await fleet.shed(revenprox, scene.pods, next.sheds);
  return next;
};

const factsOf = ({ step, outcomes }: Taken, record: MoveRecord | undefined, revisitSec: number | undefined) => ({
  replicas: step.replicas,
  paused: step.paused,
  outcomes,
  ...(record === undefined ? {} : { status: record.status }),
  ...(revisitSec === undefined ? {} : { revisitSec }),
});

export const createRollout = (parts: RolloutParts): Rollout => {
  const memories = new Map<string, Memory>();

  const remembered = ({ metadata, status }: RevenProx): Memory | undefined => {
    for (const [uid, { at }] of memories) if (parts.now() - at > staleMs) memories.delete(uid);
    const known = memories.get(metadata.uid);
    if (known !== undefined) return known;
    const record = continuedFrom(status?.rollout);
    return record === undefined ? undefined : { at: parts.now(), record, balance: undefined };
  };

  return async (revenprox, wanted) => {
    const scene = sceneOf(parts, revenprox, wanted);
    if (scene === undefined) return { replicas: wanted, paused: false, outcomes: [] };
    if (isUrgent(scene)) return { replicas: scene.current, paused: true, outcomes: [], revisitSec: soonSec };
    const known = await readPods(parts, scene, remembered(revenprox));
    const taken = await takeStep(parts, scene, known);
    const balanced = await spread(parts, scene, known);
    const { now, current, revisionOf } = scene;
    const { pods, memory, moving } = known;
    const cause = causeOf({ wanted, current, pods, shed: balanced.sheds.length > 0, revisionOf });
    const { waitingFor } = taken.step;
    const record = recordOf(memory?.record, {
      now,
      cause,
      pods,
      endingOf: parts.endingOf,
      lastOf: parts.fleet.lastOf,
      waitingFor,
    });
    memories.set(revenprox.metadata.uid, { at: parts.now(), record, balance: balanced.memory });
    return factsOf(taken, record, moving || goesOn(record) ? lookEverySec : balanced.lookAfterSec);
  };
};
