import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import type { Healer } from "../healing/healer.ts";
import type { RecordedWrite } from "../plan/recorded-write.ts";
import type { Scaler, ScalingOutside } from "../scaling/scaler.ts";
import { carryOut, namespaceEnds, planFor } from "./carry-out.ts";
import { finishGrowth, type JournalVolumeClaims, withVolumes } from "./grow-journal.ts";
import { HANDED_OVER_SECONDS, type Outcome, outcomeOf, soonest } from "./outcome.ts";
import type { Passes } from "./passes.ts";
import { isPlanOnly, planOnly } from "./plan-only.ts";
import type {
  ApplyOutcome,
  ClusterFacts,
  Desired,
  DesiredObject,
  KubernetesObject,
  ObservedChildren,
  OperatorSettings,
  RolloutFacts,
  Status,
  Workload,
} from "./ports.ts";
import type { ReplaceDependencies } from "./replace.ts";
import { type NatsFleet, ROLLING_SECONDS, rollNats } from "./roll-nats.ts";
import { eventsOfOutcomes, type ResourceEvent } from "./transitions.ts";

/** A cluster whose writes are dry runs, and what they would have done. */
export interface Rehearsal {
  readonly cluster: Cluster;
  /** In the order of writing. */
  readonly writes: () => readonly RecordedWrite[];
}

/** The outside as the loop sees it. */
export interface Cluster {
  /** The resource of `namespace/name` as last seen. */
  read(key: string): RevenProx | undefined;
  /** Makes the generated Secrets that are absent. Never throws. */
  ensureSecrets(revenprox: RevenProx): Promise<readonly ApplyOutcome[]>;
  /** Throws when the API server cannot tell. */
  facts(revenprox: RevenProx): Promise<ClusterFacts>;
  children(revenprox: RevenProx): readonly KubernetesObject[];
  /** Throws only where this operator may not write any more: the pass is over then. */
  apply(revenprox: RevenProx, object: DesiredObject): Promise<ApplyOutcome>;
  /** Answers only what could not be deleted. Never throws. */
  prune(revenprox: RevenProx, desired: readonly DesiredObject[]): Promise<readonly ApplyOutcome[]>;
  observe(revenprox: RevenProx): ObservedChildren;
  workload(revenprox: RevenProx): Workload | undefined;
  /** Takes the next step of the proxies to `wanted` of them; what the Deployment is told of it comes with `apply`. Never throws. */
  rollout(revenprox: RevenProx, wanted: number): Promise<RolloutFacts>;
  readonly nats: NatsFleet;
  readonly journalVolumes: JournalVolumeClaims;
  /** For one pass whose writes change nothing. */
  rehearse(): Rehearsal;
  readonly scaling: ScalingOutside;
  /** `ifUnchanged`: only if nobody has changed the resource since it was read; rejects otherwise. */
  patchStatus(
    revenprox: RevenProx,
    status: RevenProxStatus,
    condition?: { readonly ifUnchanged: boolean },
  ): Promise<boolean>;
  readonly evict: ReplaceDependencies["evict"];
  /** Never throws. */
  record(revenprox: RevenProx, event: ResourceEvent): Promise<void>;
}

export interface ReconcileDependencies {
  readonly cluster: Cluster;
  readonly settings: OperatorSettings;
  readonly desired: Desired;
  readonly status: Status;
  readonly now: () => Date;
  readonly passes: Passes;
  readonly scaler: Scaler;
  readonly healer: Healer;
  /** Asks for a report on the resource of this key. */
  readonly askForReport: (key: string) => void;
}

/**
 * Brings what exists to what one RevenProx asks for; its status is told by `report`. Every step may be repeated. A
 * resource that is being deleted needs nothing: its children go with it by their ownerReferences. Nor does one whose
 * namespace is being deleted: its turn comes.
 */
export const reconcile = async (dependencies: ReconcileDependencies, key: string): Promise<Outcome> => {
  const { cluster, passes, scaler } = dependencies;
  const revenprox = cluster.read(key);
  if (revenprox === undefined) for (const memory of [passes, scaler]) memory.forget(key);
  if (revenprox === undefined || revenprox.metadata.deletionTimestamp !== undefined) return { kind: "done" };
  if (isPlanOnly(revenprox)) {
    const outcome = await planOnly(dependencies, revenprox);
    dependencies.askForReport(key);
    return outcome;
  }

  const secrets = await cluster.ensureSecrets(revenprox);
  if (secrets.some(namespaceEnds)) return { kind: "done" };
  const facts = await cluster.facts(revenprox);
  const scaled = await scaler.scale(revenprox, cluster.scaling);
  if (scaled.kind === "handed-over") return { kind: "retry-after", seconds: HANDED_OVER_SECONDS };
  const rollout = await cluster.rollout(revenprox, scaled.replicas);
  const known = { ...(await withVolumes(cluster, revenprox, facts)), rollout };
  const plan = planFor(dependencies, revenprox, { facts: known, replicas: scaled.replicas });
  const outcomes = [...secrets, ...rollout.outcomes, ...(await carryOut(cluster, revenprox, plan))];
  if (outcomes.some(namespaceEnds)) return { kind: "done" };
  passes.remember(revenprox, { facts: known, desired: plan.desired, outcomes, scaling: scaled.scaling });
  dependencies.askForReport(key);
  for (const event of eventsOfOutcomes(outcomes)) await cluster.record(revenprox, event);
  const outcome = outcomeOf(outcomes);
  if (outcome.kind === "failed") return outcome;
  const rolls = await rollNats(cluster, revenprox);
  const growing = await finishGrowth(cluster, revenprox, { volumes: known.journalVolumes, outcomes, rolls });
  return soonest(outcome, [...(rolls ? [ROLLING_SECONDS] : []), scaled.againSeconds, rollout.revisitSec, growing]);
};
