import { planAnnotation } from "@revenprox/contract/resource/group";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { modeOf } from "../scaling/plan.ts";
import { carryOut, planFor } from "./carry-out.ts";
import { withVolumes } from "./grow-journal.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import type { Pass } from "./passes.ts";
import type { ReconcileDependencies } from "./reconcile.ts";

/** Whether the resource asks for nothing but to be told what would change. */
export const isPlanOnly = ({ metadata }: RevenProx): boolean => metadata.annotations?.[planAnnotation] === "true";

/** Proxies that would run in the end. What the operator decides by streams it decided last; now it looks at none. */
const replicasOf = ({ spec, status }: RevenProx): number =>
  modeOf(spec) === "Connections" && spec.replicas > 0 ? (status?.autoscaling?.desired ?? spec.replicas) : spec.replicas;

/** The pass of `reconcile`, its writes as dry runs: no step of a roll-out is taken, no scale decided, no event told. */
export const planOnly = async (dependencies: ReconcileDependencies, revenprox: RevenProx): Promise<Outcome> => {
  const { cluster, writes } = dependencies.cluster.rehearse();
  const secrets = await cluster.ensureSecrets(revenprox);
  const facts = await withVolumes(cluster, revenprox, await cluster.facts(revenprox));
  const plan = planFor(dependencies, revenprox, { facts, replicas: replicasOf(revenprox) });
  const outcomes = [...secrets, ...(await carryOut(cluster, revenprox, plan))];
  const pass: Pass = { facts, desired: plan.desired, outcomes, planned: writes() };
  dependencies.passes.remember(revenprox, pass);
  return outcomeOf(outcomes);
};
