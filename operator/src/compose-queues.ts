import { desired } from "./desired/index.ts";
import type { Healer } from "./healing/healer.ts";
import { deploymentKind, statefulSetKind } from "./kube/kinds.ts";
import { lastApplied } from "./kube/last-applied.ts";
import type { LiveObject } from "./kube/object.ts";
import { type Scheduler, WorkQueue } from "./kube/work-queue.ts";
import type { Outcome } from "./reconcile/outcome.ts";
import { createPasses } from "./reconcile/passes.ts";
import type { DesiredInput } from "./reconcile/ports.ts";
import { type Cluster, type ReconcileDependencies, reconcile } from "./reconcile/reconcile.ts";
import { report } from "./reconcile/report.ts";
import type { Scaler } from "./scaling/scaler.ts";
import type { Settings } from "./settings.ts";
import { status } from "./status/index.ts";
import { describeError, type Log } from "./telemetry/log.ts";
import type { Metrics, QueueName } from "./telemetry/metrics.ts";
import type { PassTracing } from "./telemetry/tracing.ts";
import { createWorker } from "./worker.ts";

const workloads: readonly string[] = [deploymentKind.kind, statefulSetKind.kind];

/** They come from the store, which holds live objects. */
const workloadsOf = ({ current }: DesiredInput): readonly LiveObject[] =>
  current.filter(({ kind }) => workloads.includes(kind)) as readonly LiveObject[];

/** The work of the operator: passes, which write children, and reports, which write status; neither waits for the other. */
export interface Queues {
  readonly passes: WorkQueue;
  readonly reports: WorkQueue;
}

export interface QueueParts {
  readonly cluster: Cluster;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly tracing: PassTracing | undefined;
  readonly leads: () => boolean;
  readonly scaler: Scaler;
  readonly healer: Healer;
}

export const composeQueues = (settings: Settings, parts: QueueParts): Queues => {
  const { scheduler, log, metrics, tracing, leads } = parts;
  const known = createPasses();
  const queue = (name: QueueName, run: (dependencies: ReconcileDependencies, key: string) => Promise<Outcome>) =>
    new WorkQueue({
      scheduler,
      maxConcurrent: settings.maxConcurrent,
      onRejected: (key, error) => log.error(`${key}: ${describeError(error)}`),
      observer: {
        added: () => metrics.keyAdded(name),
        retried: () => metrics.keyRetried(name),
        taken: (waitedMs) => metrics.keyTaken(name, waitedMs / 1_000),
      },
      work: createWorker({
        name: name === "reconcile" ? "reconcile" : "report",
        log,
        metrics,
        now: scheduler.now,
        tracing,
        leads,
        run: (observed) => (key) =>
          run(
            {
              cluster: observed(parts.cluster),
              settings: settings.operator,
              desired: (input) =>
                desired({ ...input, applied: workloadsOf(input).flatMap((each) => lastApplied(each) ?? []) }),
              status,
              now: () => new Date(),
              passes: known,
              scaler: parts.scaler,
              healer: parts.healer,
              askForReport: (asked) => reports.add(asked),
            },
            key,
          ),
      }),
    });
  const reports = queue("status", report);
  return { passes: queue("reconcile", reconcile), reports };
};
