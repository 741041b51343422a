import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import type { HealingLook } from "../healing/healer.ts";
import { isSettled } from "../healing/settled.ts";
import type { Outcome } from "./outcome.ts";
import { SETTLED_SECONDS, WAITING_SECONDS } from "./outcome.ts";
import type { Pass } from "./passes.ts";
import { isPlanOnly } from "./plan-only.ts";
import type { ReconcileDependencies } from "./reconcile.ts";
import { replaceProxy } from "./replace.ts";
import { eventsOfConditions, eventsOfRollout, eventsOfScaling } from "./transitions.ts";

/**
 * Says in the status how far the last pass went and what came of it since; the only writer of the status. Apart from
 * the passes, so that pods that come and go, and proxies that are slow to answer, delay no change. A resource whose
 * present generation had no pass yet is left as it is: its pass asks for a report.
 */
export const report = async (dependencies: ReconcileDependencies, key: string): Promise<Outcome> => {
  const revenprox = dependencies.cluster.read(key);
  if (revenprox === undefined || revenprox.metadata.deletionTimestamp !== undefined) return { kind: "done" };
  const pass = dependencies.passes.of(revenprox);
  if (pass === undefined || isPlanOnly(revenprox) !== (pass.planned !== undefined)) return { kind: "done" };
  const look = pass.planned === undefined ? healingLook(dependencies, revenprox) : undefined;
  const status = statusOf(dependencies, revenprox, { pass, look });
  const ailment = look?.decision.kind === "replace" ? look.decision.ailment : undefined;
  // What goes on the budget must not rest on a status that another operator has changed meanwhile.
  await dependencies.cluster.patchStatus(revenprox, status, { ifUnchanged: ailment !== undefined });
  if (look === undefined) return { kind: "retry-after", seconds: SETTLED_SECONDS };
  if (ailment !== undefined) await replaceProxy(dependencies.cluster, revenprox, { look, ailment });
  await tell(dependencies, revenprox, status);
  return { kind: "retry-after", seconds: Math.min(secondsUntilNext(status), look.againSeconds) };
};

const healingLook = ({ cluster, healer, now }: ReconcileDependencies, revenprox: RevenProx): HealingLook => {
  const settled = isSettled(revenprox, cluster.observe(revenprox).objects);
  return healer.look(revenprox, { loads: cluster.scaling.loads, settled, now: now() });
};

const statusOf = (
  { cluster, settings, status, now }: ReconcileDependencies,
  revenprox: RevenProx,
  { pass, look }: { readonly pass: Pass; readonly look: HealingLook | undefined },
): RevenProxStatus =>
  status({
    revenprox,
    settings,
    facts: pass.facts,
    desired: pass.desired,
    observed: cluster.observe(revenprox),
    apply: pass.outcomes,
    planned: pass.planned,
    workload: cluster.workload(revenprox),
    natsServers: cluster.nats.known(revenprox),
    scaling: pass.scaling,
    healing: look,
    now: now(),
  });

const tell = async (
  { cluster }: ReconcileDependencies,
  revenprox: RevenProx,
  status: RevenProxStatus,
): Promise<void> => {
  const events = [eventsOfConditions, eventsOfScaling, eventsOfRollout].flatMap((of) => of(revenprox.status, status));
  for (const event of events) await cluster.record(revenprox, event);
};

const secondsUntilNext = ({ conditions = [] }: RevenProxStatus): number =>
  conditions.some(({ type, status }) => type === "Ready" && status === "True") ? SETTLED_SECONDS : WAITING_SECONDS;
