import { revenproxApi } from "@revenprox/contract/resource/group";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { ApplyOutcome, DesiredInput, DesiredObject } from "./ports.ts";
import type { Cluster, ReconcileDependencies } from "./reconcile.ts";

interface Plan {
  readonly desired: readonly DesiredObject[];
  /** Why nothing is desired: the resource cannot be turned into objects. */
  readonly fault?: ApplyOutcome;
}

/** What is to exist, in the order of writing; never throws. */
export const planFor = (
  { desired, settings, cluster }: ReconcileDependencies,
  revenprox: RevenProx,
  known: Pick<DesiredInput, "facts" | "replicas">,
): Plan => {
  try {
    return { desired: desired({ revenprox, settings, ...known, current: cluster.children(revenprox) }) };
  } catch (error) {
    const ref = { apiVersion: revenproxApi.apiVersion, kind: revenproxApi.kind, name: revenprox.metadata.name };
    const { name: reason, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
    return { desired: [], fault: { kind: "refused", ref, status: 422, reason, message } };
  }
};

export const namespaceEnds = ({ kind }: ApplyOutcome): boolean => kind === "namespace-ends";

/** One object after the other, in the order of need; one that fails does not stop the others, nor is anything pruned then, unless nothing can be made at all. */
export const carryOut = async (
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
