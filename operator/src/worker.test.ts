import { expect, test } from "vitest";
import type { Cluster } from "./reconcile/reconcile.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import type { PassSpan, PassTracing } from "./telemetry/tracing.ts";
import { resourceOf } from "./testing/resource.ts";
import { createWorker } from "./worker.ts";

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

const noMetrics: Metrics = {
  reconciled: () => undefined,
  listed: () => undefined,
  watchInterrupted: () => undefined,
  wrote: () => undefined,
  statusWritten: () => undefined,
  autoscalingDecided: () => undefined,
  leadershipGained: () => undefined,
  reportFailed: () => undefined,
  keyAdded: () => undefined,
  keyRetried: () => undefined,
  keyTaken: () => undefined,
  scrape: async () => ({ body: "", contentType: "" }),
};

/** Notes spans as lines in the order of their ends. */
const noting = () => {
  const ended: string[] = [];
  const span = (path: string): PassSpan => ({
    step: (name, attributes) => span(`${path} > ${[name, ...Object.values(attributes)].join(" ")}`),
    end: (outcome, failed) => void ended.push(`${path}: ${outcome}${failed ? "!" : ""}`),
  });
  const tracing: PassTracing = {
    begin: (pass, { namespace, name }) => span(`${pass} ${namespace}/${name}`),
    stop: async () => undefined,
  };
  return { tracing, ended };
};

test("a pass and its writes are spans, a failure is marked", async () => {
  const { tracing, ended } = noting();
  const revenprox = resourceOf({});
  const object = { apiVersion: "v1", kind: "Service", metadata: { name: "web", namespace: "apps" } };
  const ref = { apiVersion: "v1", kind: "Service", name: "web" };
  const cluster = {
    apply: async () => ({ kind: "failed", ref, message: "no" }),
    patchStatus: async () => true,
  } as unknown as Cluster;
  const work = createWorker({
    name: "reconcile",
    log: quiet,
    metrics: noMetrics,
    now: () => 0,
    tracing,
    leads: () => true,
    run: (observed) => async () => {
      const seen = observed(cluster);
      await seen.apply(revenprox, object);
      await seen.patchStatus(revenprox, {} as never);
      return { kind: "failed", message: "no" };
    },
  });
  await work("apps/web");
  expect(ended).toEqual([
    "reconcile apps/web > apply Service web: failed!",
    "reconcile apps/web > patch status: changed",
    "reconcile apps/web: failed!",
  ]);
});

test("the log says why an object could not be written", async () => {
  const said: string[] = [];
  const ref = { apiVersion: "v1", kind: "Service", name: "web" };
  const outcome = { kind: "refused", ref, status: 403, reason: "Forbidden", message: "quota is used up" };
  const work = createWorker({
    name: "reconcile",
    log: { ...quiet, warn: (line, fields) => void said.push(`${line} ${JSON.stringify(fields)}`) },
    metrics: noMetrics,
    now: () => 0,
    leads: () => true,
    run: (observed) => async () => {
      await observed({ apply: async () => outcome } as unknown as Cluster).apply(resourceOf({}), {} as never);
      return { kind: "done" };
    },
  });
  await work("apps/web");
  expect(said).toEqual([
    'apps/web: Service web refused: quota is used up {"kind":"refused","status":403,"reason":"Forbidden"}',
  ]);
});
