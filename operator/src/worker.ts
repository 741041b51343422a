import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { WorkResult } from "./kube/work-queue.ts";
import { createNews, isTrouble } from "./reconcile/news.ts";
import type { Outcome } from "./reconcile/outcome.ts";
import type { Cluster } from "./reconcile/reconcile.ts";
import { describeError, type Log } from "./telemetry/log.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import type { PassName, PassSpan, PassTracing } from "./telemetry/tracing.ts";

export interface WorkerOptions {
  readonly name: PassName;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** Absent: passes are not traced. */
  readonly tracing?: PassTracing | undefined;
  /** Whether this operator leads: else no pass is begun, and one that was cut off is not tried again here. */
  readonly leads: () => boolean;
  /** One pass, over a cluster whose calls are counted. */
  readonly run: (observed: (cluster: Cluster) => Cluster) => (key: string) => Promise<Outcome>;
}

/** A queue's worker: a pass with its log lines and metrics. */
export const createWorker = ({
  name,
  log,
  metrics,
  now,
  tracing,
  leads,
  run,
}: WorkerOptions): ((key: string) => Promise<WorkResult>) => {
  // The queue never works on a key twice at once.
  const spans = new Map<string, PassSpan>();
  const pass = run((cluster) => traced(counted(cluster, { metrics, log, now }), spans));
  return async (key) => {
    if (!leads()) return { kind: "done" };
    const startedAt = now();
    const span = tracing?.begin(name, halvesOf(key));
    if (span !== undefined) spans.set(key, span);
    const outcome = await attempt(pass, key);
    spans.delete(key);
    span?.end(outcome.kind, outcome.kind === "failed");
    if (name === "reconcile") metrics.reconciled(outcome.kind, (now() - startedAt) / 1_000);
    else if (outcome.kind === "failed") metrics.reportFailed();
    if (outcome.kind === "failed") log.warn(`${key}: ${name}: ${outcome.message}`);
    return leads() ? outcome : { kind: "done" };
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

const counted = (cluster: Cluster, { metrics, log, now }: Pick<WorkerOptions, "metrics" | "log" | "now">): Cluster => {
  const news = createNews(now);
  return {
    ...cluster,
    apply: async (revenprox, object) => {
      const outcome = await cluster.apply(revenprox, object);
      const resource = `${revenprox.metadata.namespace}/${revenprox.metadata.name}`;
      const isNews = news(`${resource} ${outcome.ref.kind} ${outcome.ref.name}`, outcome);
      if (outcome.kind === "unchanged") return outcome;
      if (outcome.kind === "namespace-ends") {
        log.info(`${resource}: its namespace is being deleted: nothing is made there any more`);
        return outcome;
      }
      metrics.wrote(object.kind, outcome.kind);
      const { ref, ...more } = outcome;
      // As a field it would be lost beside the line's own message.
      const why = "message" in more ? `: ${more.message}` : "";
      const level = isTrouble(outcome) ? "warn" : "info";
      log[isNews ? level : "debug"](`${resource}: ${ref.kind} ${ref.name} ${more.kind}${why}`, {
        ...more,
        message: undefined,
      });
      return outcome;
    },
    patchStatus: async (revenprox, status, condition) => {
      const wrote = await cluster.patchStatus(revenprox, status, condition);
      if (wrote) metrics.statusWritten();
      return wrote;
    },
  };
};

const halvesOf = (key: string): { readonly namespace: string; readonly name: string } => {
  const [namespace = "", name = ""] = key.split("/");
  return { namespace, name };
};

/** `cluster`, each of its calls a step of the pass that makes it; secrets and their values are in none. */
const traced = (cluster: Cluster, spans: ReadonlyMap<string, PassSpan>): Cluster => {
  const of = ({ metadata }: RevenProx): PassSpan | undefined => spans.get(`${metadata.namespace}/${metadata.name}`);
  return {
    ...cluster,
    apply: async (revenprox, object) => {
      const { kind, metadata } = object;
      const step = of(revenprox)?.step("apply", { "k8s.object.kind": kind, "k8s.object.name": metadata.name });
      const outcome = await cluster.apply(revenprox, object);
      step?.end(outcome.kind, outcome.kind === "failed" || outcome.kind === "refused");
      return outcome;
    },
    patchStatus: async (revenprox, status, condition) => {
      const step = of(revenprox)?.step("patch status", {});
      const wrote = await cluster.patchStatus(revenprox, status, condition);
      step?.end(wrote ? "changed" : "unchanged", false);
      return wrote;
    },
  };
};
