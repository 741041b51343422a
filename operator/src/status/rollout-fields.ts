import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import type { StatusInput } from "../reconcile/ports.ts";

/** What is told of streams that move; what was told before stays until there is news. */
export const rolloutFields = ({ facts, revenprox }: StatusInput): Pick<RevenProxStatus, "rollout"> => {
  const rollout = facts.rollout?.status ?? revenprox.status?.rollout;
  return rollout === undefined ? {} : { rollout };
};
