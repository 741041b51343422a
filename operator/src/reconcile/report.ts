import type { Outcome } from "./outcome.ts";
import { SETTLED_SECONDS, WAITING_SECONDS } from "./outcome.ts";
import type { ReconcileDependencies } from "./reconcile.ts";
import { eventsOfConditions } from "./transitions.ts";

/**
 * Says in the status how far the last pass went and what came of it since; the only writer of the status. Apart from
 * the passes, so that pods that come and go, and proxies that are slow to answer, delay no change. A resource whose
 * present generation had no pass yet is left as it is: its pass asks for a report.
 */
export const report = async (dependencies: ReconcileDependencies, key: string): Promise<Outcome> => {
  const { cluster, passes } = dependencies;
  const revenprox = cluster.read(key);
  const pass = revenprox === undefined ? undefined : passes.of(revenprox);
  if (revenprox === undefined || pass === undefined || revenprox.metadata.deletionTimestamp !== undefined)
    return { kind: "done" };
  const status = dependencies.status({
    revenprox,
    settings: dependencies.settings,
    facts: pass.facts,
    desired: pass.desired,
    observed: cluster.observe(revenprox),
    apply: pass.outcomes,
    workload: cluster.workload(revenprox),
    now: dependencies.now(),
  });
  await cluster.patchStatus(revenprox, status);
  for (const event of eventsOfConditions(revenprox.status, status)) await cluster.record(revenprox, event);
  const ready = status.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") ?? false;
  return { kind: "retry-after", seconds: ready ? SETTLED_SECONDS : WAITING_SECONDS };
};
