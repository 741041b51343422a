import { revenproxApi } from "@revenprox/contract/resource/group";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import { type Outcome, outcomeOf } from "./outcome.ts";
import type { Passes } from "./passes.ts";
import type {
  ApplyOutcome,
  ClusterFacts,
  Desired,
  DesiredObject,
  KubernetesObject,
  ObservedChildren,
  OperatorSettings,
  Status,
  Workload,
} from "./ports.ts";
import { eventsOfOutcomes, type ResourceEvent } from "./transitions.ts";

/** The outside as the loop sees it. */
export interface Cluster {
  /** The resource of `namespace/name` as last seen. */
  read(key: string): RevenProx | undefined;
  /** Makes the generated Secrets that are absent. Never throws. */
  ensureSecrets(revenprox: RevenProx): Promise<readonly ApplyOutcome[]>;
  /** Throws when the API server cannot tell. */
  facts(revenprox: RevenProx): Promise<ClusterFacts>;
  children(revenprox: RevenProx): readonly KubernetesObject[];
  /** Never throws. */
  apply(revenprox: RevenProx, object: DesiredObject): Promise<ApplyOutcome>;
  /** Answers only what could not be deleted. Never throws. */
  prune(revenprox: RevenProx, desired: readonly DesiredObject[]): Promise<readonly ApplyOutcome[]>;
  observe(revenprox: RevenProx): ObservedChildren;
  workload(revenprox: RevenProx): Workload | undefined;
  patchStatus(revenprox: RevenProx, status: RevenProxStatus): Promise<boolean>;
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
  /** Asks for a report on the resource of this key. */
  readonly askForReport: (key: string) => void;
}

interface Plan {
  readonly desired: readonly DesiredObject[];
  /** Why nothing is desired: the resource cannot be turned into objects. */
  readonly fault?: ApplyOutcome;
}

/**
 * Brings what exists to what one RevenProx asks for; its status is told by `report`. Every step may be repeated. A
 * resource that is being deleted needs nothing: its children go with it by their ownerReferences. Nor does one whose
 * namespace is being deleted: its turn comes.
 */
export const reconcile = async (dependencies: ReconcileDependencies, key: string): Promise<Outcome> => {
  const { cluster, passes } = dependencies;
  const revenprox = cluster.read(key);
  if (revenprox === undefined) passes.forget(key);
  if (revenprox === undefined || revenprox.metadata.deletionTimestamp !== undefined) return { kind: "done" };

  const secrets = await cluster.ensureSecrets(revenprox);
  if (secrets.some(namespaceEnds)) return { kind: "done" };
  const facts = await cluster.facts(revenprox);
  const plan = planFor(dependencies, revenprox, facts);
  const outcomes = [...secrets, ...(await carryOut(cluster, revenprox, plan))];
  if (outcomes.some(namespaceEnds)) return { kind: "done" };
  passes.remember(revenprox, { facts, desired: plan.desired, outcomes });
  dependencies.askForReport(key);
  for (const event of eventsOfOutcomes(outcomes)) await cluster.record(revenprox, event);
  return outcomeOf(outcomes);
};

const namespaceEnds = ({ kind }: ApplyOutcome): boolean => kind === "namespace-ends";

const planFor = (
  { desired, settings, cluster }: ReconcileDependencies,
  revenprox: RevenProx,
  facts: ClusterFacts,
): Plan => {
  try {
    return { desired: desired({ revenprox, settings, facts, current: cluster.children(revenprox) }) };
  } catch (error) {
    const ref = { apiVersion: revenproxApi.apiVersion, kind: revenproxApi.kind, name: revenprox.metadata.name };
    const { name: reason, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
    return { desired: [], fault: { kind: "refused", ref, status: 422, reason, message } };
  }
};

/** One object after the other, in the order of need; one that fails does not stop the others, nor is anything pruned then, unless nothing can be made at all. */
const carryOut = async (
  cluster: Cluster,
  revenprox: RevenProx,
  { desired, fault }: Plan,
): Promise<readonly ApplyOutcome[]> => {
  if (fault !== undefined) return [fault];
  const outcomes: ApplyOutcome[] = [];
  for (const object of desired) {
    const outcome = await cluster.apply(revenprox, object);
    outcomes.push(outcome);
    if (namespaceEnds(outcome)) return outcomes;
  }
  if (outcomes.some(({ kind }) => kind === "failed")) return outcomes;
  return [...outcomes, ...(await cluster.prune(revenprox, desired))];
};
