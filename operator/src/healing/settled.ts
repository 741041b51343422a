import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { KubernetesObject } from "../reconcile/ports.ts";
import { liveWorkload } from "../status/live-workload.ts";

/**
 * Whether no rollout runs: all pods are of the present revision and as many as asked for, whether they are ready or
 * not, and no streams are being moved.
 */
export const isSettled = ({ status }: RevenProx, objects: readonly KubernetesObject[]): boolean => {
  const deployment = objects.find(({ kind }) => kind === "Deployment");
  if (deployment === undefined) return false;
  const { observed, wanted, updated, exist } = liveWorkload(deployment);
  const moving = status?.rollout !== undefined && status.rollout.finishedAt === undefined;
  return observed && updated === wanted && exist === wanted && !moving;
};
