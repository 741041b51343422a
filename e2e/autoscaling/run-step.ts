import { eventually } from "../environment/eventually.ts";
import { type Crowd, gatherCrowd } from "../rollout/load/crowd.ts";
import type { Stage } from "../rollout/stage/stage.ts";
import type { Sample } from "./curve.ts";

export interface StepPlan {
  readonly streams: number;
  readonly targetPerPod: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** `spec.autoscaling.scaleDown`. */
  readonly scaleDown: {
    readonly stabilizationWindowSeconds: number;
    readonly maxPods: number;
    readonly periodSeconds: number;
  };
  /** Seconds for which the load stays, and for which the end is watched. */
  readonly holdSeconds: number;
}

export interface StepResult {
  readonly plan: StepPlan;
  readonly kind: string;
  readonly samples: readonly Sample[];
  /** Attempts to open a stream that were refused. */
  readonly refused: number;
  readonly gaps: number;
}

const topics = 50;
const sampleEveryMs = 500;
const patienceMs = 600_000;

/** `spec` of the RevenProx of a plan, without its NATS. */
export const specOf = ({ targetPerPod, minReplicas, maxReplicas, scaleDown }: StepPlan) => ({
  replicas: minReplicas,
  config: {
    http: { allowUnauthenticated: false, maxConnections: 20_000 },
    jwtVerifier: { requireAuthentication: false },
  },
  autoscaling: { minReplicas, maxReplicas, scaleDown, connections: { targetPerPod }, scaleUp: { periodSeconds: 5 } },
  rollout: { drainWindowSeconds: 30, rebalance: { afterSeconds: 10 } },
  monitoring: { enabled: false },
});

/** Streams, and what the operator makes of them, twice a second until it is stopped. */
const record = (stage: Stage, open: () => number) => {
  const samples: Sample[] = [];
  const begun = performance.now();
  let stopped = false;
  const loop = (async () => {
    while (!stopped) {
      const { status } = await stage.read();
      samples.push({
        seconds: (performance.now() - begun) / 1_000,
        streams: open(),
        desired: status?.autoscaling?.desired ?? 0,
        ready: stage.targets().length,
      });
      await new Promise((resolve) => setTimeout(resolve, sampleEveryMs));
    }
  })();
  return {
    samples,
    stop: async () => {
      stopped = true;
      await loop;
    },
  };
};

const seconds = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, count * 1_000));

const settled = (stage: Stage, what: string, fits: (wanted: number) => boolean): Promise<true> =>
  eventually(
    what,
    async () => {
      const { status } = await stage.read();
      const wanted = status?.autoscaling?.desired ?? 0;
      return (fits(wanted) && stage.targets().length === wanted) || undefined;
    },
    patienceMs,
  );

/** From nothing to `plan.streams` and back to nothing; resolves with what was seen. */
export const runStep = async (stage: Stage, plan: StepPlan): Promise<StepResult> => {
  const { streams, minReplicas, targetPerPod, holdSeconds } = plan;
  let crowd: Crowd | undefined;
  const play = async (): Promise<StepResult> => {
    await settled(stage, `${minReplicas} ready proxies`, (wanted) => wanted === minReplicas);
    const recording = record(stage, () => crowd?.open ?? 0);
    try {
      await seconds(5);
      const gathered = gatherCrowd({ topics, readersPerTopic: streams / topics }, stage.targets);
      crowd = gathered;
      const enough = Math.ceil(streams / targetPerPod);
      await eventually("every stream", async () => gathered.open === streams || undefined, patienceMs);
      await settled(stage, `${enough} ready proxies`, (wanted) => wanted >= enough);
      await seconds(holdSeconds);
      const records = gathered.records();
      gathered.stop();
      crowd = undefined;
      await settled(stage, "the way back", (wanted) => wanted === minReplicas);
      await seconds(holdSeconds);
      await recording.stop();
      const sum = (of: (each: (typeof records)[number]) => number) => records.reduce((all, each) => all + of(each), 0);
      return {
        plan,
        kind: stage.kind,
        samples: recording.samples,
        refused: sum(({ refused }) => refused),
        gaps: sum(({ gaps }) => gaps),
      };
    } finally {
      crowd?.stop();
      await recording.stop();
    }
  };
  return Promise.race([play(), stage.failed]);
};
