import type { WorkResult } from "./kube/work-queue.ts";
import type { Outcome } from "./reconcile/outcome.ts";
import type { Cluster } from "./reconcile/reconcile.ts";
import { describeError, type Log } from "./telemetry/log.ts";
import type { Metrics } from "./telemetry/metrics.ts";

export interface WorkerOptions {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** One pass, over a cluster whose calls are counted. */
  readonly run: (observed: (cluster: Cluster) => Cluster) => (key: string) => Promise<Outcome>;
}

/** The queue's worker: a pass with its log lines and metrics. */
export const createWorker = ({ log, metrics, now, run }: WorkerOptions): ((key: string) => Promise<WorkResult>) => {
  const pass = run((cluster) => counted(cluster, metrics, log));
  return async (key) => {
    const startedAt = now();
    const outcome = await attempt(pass, key);
    metrics.reconciled(outcome.kind, (now() - startedAt) / 1_000);
    if (outcome.kind === "failed") log.warn(`${key}: ${outcome.message}`);
    return outcome;
  };
};

/** An API server that does not answer is an outcome as any other: the next pass repeats all steps. */
const attempt = async (pass: (key: string) => Promise<Outcome>, key: string): Promise<Outcome> => {
  try {
    return await pass(key);
  } catch (error) {
    return { kind: "failed", message: describeError(error) };
  }
};

const counted = (cluster: Cluster, metrics: Metrics, log: Log): Cluster => ({
  ...cluster,
  apply: async (revenprox, object) => {
    const outcome = await cluster.apply(revenprox, object);
    if (outcome.kind === "unchanged") return outcome;
    metrics.wrote(object.kind, outcome.kind);
    const { ref, ...more } = outcome;
    log.info(
      `${revenprox.metadata.namespace}/${revenprox.metadata.name}: ${ref.kind} ${ref.name} ${outcome.kind}`,
      more,
    );
    return outcome;
  },
  patchStatus: async (revenprox, status) => {
    const wrote = await cluster.patchStatus(revenprox, status);
    if (wrote) metrics.statusWritten();
    return wrote;
  },
});
