import { monitorEventLoopDelay } from "node:perf_hooks";
import type { RolloutStatus } from "@revenprox/contract/resource/status";
import { eventually } from "../environment/eventually.ts";
import { type Verdict, verdictOf } from "./check/verdict.ts";
import { type Crowd, gatherCrowd } from "./load/crowd.ts";
import { publishNumbers } from "./load/numbers.ts";
import type { Departure, Stage } from "./stage/stage.ts";

export interface RolloutPlan {
  readonly topics: number;
  readonly readersPerTopic: number;
  readonly publishesPerSecond: number;
  /** `spec.rollout.streamsPerSecond`. */
  readonly pace: number;
  readonly drainWindowSeconds: number;
  readonly pods: number;
  readonly podsLeft: number;
}

export interface RolloutResult {
  readonly plan: RolloutPlan;
  readonly kind: string;
  readonly replaced: RolloutStatus;
  readonly scaled: RolloutStatus;
  readonly spread: RolloutStatus;
  /** Most pods that went at the same time. */
  readonly podsAtOnce: number;
  /** Seconds for which the clients' process was held up at most: what it saw may be so much denser than it was. */
  readonly lagSeconds: number;
  readonly seconds: number;
  readonly publishedAgain: number;
  readonly verdict: Verdict;
}

/** `spec` of the RevenProx of a plan, without its NATS. */
export const specOf = ({ pace, drainWindowSeconds, pods }: RolloutPlan) => ({
  replicas: pods,
  config: {
    http: { allowUnauthenticated: false, maxConnections: 20_000 },
    jwtVerifier: { requireAuthentication: false },
  },
  rollout: { streamsPerSecond: pace, drainWindowSeconds, rebalance: { enabled: false } },
  monitoring: { enabled: false },
});

const minutes = (count: number): number => count * 60_000;

const finished = (stage: Stage, reason: RolloutStatus["reason"]): Promise<RolloutStatus> =>
  eventually(
    `the end of ${reason}`,
    async () => {
      const { status } = await stage.read();
      const { rollout } = status ?? {};
      return rollout?.reason === reason && rollout.finishedAt !== undefined ? rollout : undefined;
    },
    minutes(5),
  );

const allOpen = (crowd: Crowd, { topics, readersPerTopic }: RolloutPlan): Promise<true> =>
  eventually("every reader's stream", async () => crowd.open === topics * readersPerTopic || undefined, minutes(2));

const targetsAre = (stage: Stage, count: number): Promise<true> =>
  eventually(`${count} ready proxies`, async () => stage.targets().length === count || undefined, minutes(3));

/** Of spans that only touch none overlap. */
const mostAtOnce = (spans: readonly Departure[]): number =>
  Math.max(0, ...spans.map(({ from }) => spans.filter((other) => other.from <= from && other.to > from).length));

/** One pod more, to which the others give streams once. */
const spreadToOneMore = async (stage: Stage, { podsLeft }: RolloutPlan): Promise<RolloutStatus> => {
  const rebalance = { enabled: true, afterSeconds: 10, differencePercent: 10 };
  await stage.change({ spec: { replicas: podsLeft + 1, rollout: { rebalance } } });
  const spread = await finished(stage, "Rebalance");
  await stage.change({ spec: { rollout: { rebalance: { enabled: false } } } });
  return spread;
};

const play = async (stage: Stage, plan: RolloutPlan, crowd: Crowd): Promise<RolloutResult> => {
  await allOpen(crowd, plan);
  const { topics, publishesPerSecond: perSecond } = plan;
  const numbers = publishNumbers({ topics, perSecond }, { key: stage.publishKey, targets: stage.targets });
  const begun = performance.now();
  const lag = monitorEventLoopDelay({ resolution: 20 });
  lag.enable();
  try {
    await stage.change({ spec: { pod: { annotations: { "example.com/revision": "2" } } } });
    const replaced = await finished(stage, "PodTemplateChanged");
    await allOpen(crowd, plan);
    await stage.change({ spec: { replicas: plan.podsLeft } });
    const scaled = await finished(stage, "ScaleDown");
    await allOpen(crowd, plan);
    const spread = await spreadToOneMore(stage, plan);
    await allOpen(crowd, plan);
    const seconds = Math.round((performance.now() - begun) / 1_000);
    await numbers.stop();
    // Whoever is not there by then is named by the verdict.
    await eventually(
      "every reader at the last event of its topic",
      async () => crowd.isLevel(numbers.published) || undefined,
      minutes(1),
    ).catch(() => undefined);
    const verdict = verdictOf(crowd.records(), numbers.published);
    const podsAtOnce = mostAtOnce(stage.departures());
    const lagSeconds = lag.max / 1e9;
    return {
      podsAtOnce,
      lagSeconds,
      plan,
      kind: stage.kind,
      replaced,
      scaled,
      spread,
      seconds,
      publishedAgain: numbers.again,
      verdict,
    };
  } finally {
    await numbers.stop();
  }
};

/** Replaces all pods, takes most of them away, and adds one, under load; resolves with what the clients saw. */
export const runRollout = async (stage: Stage, plan: RolloutPlan): Promise<RolloutResult> => {
  await Promise.race([targetsAre(stage, plan.pods), stage.failed]);
  const crowd = gatherCrowd(plan, stage.targets);
  try {
    return await Promise.race([play(stage, plan, crowd), stage.failed]);
  } finally {
    crowd.stop();
  }
};
