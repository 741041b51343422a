import type { Situation } from "./situation.ts";
import { isFalse, isTrue, type Verdict } from "./verdict.ts";
import { wantedReplicas } from "./wanted-replicas.ts";

/** Whether somebody is served: at least one proxy is ready. */
export const available = ({ input, proxies, proxyTrouble }: Situation): Verdict => {
  const wanted = wantedReplicas(input);
  const ready = proxies?.ready ?? 0;
  if (ready > 0) return isTrue("ProxiesReady", `${Math.min(ready, wanted)} of ${wanted} proxies are ready.`);
  if (wanted === 0)
    return isFalse("ScaledToZero", "spec.replicas is 0, so nobody is served. Raise it with kubectl scale.");
  if (proxyTrouble !== undefined) return isFalse(proxyTrouble.reason, proxyTrouble.message);
  return isFalse("NoProxyReady", `0 of ${wanted} proxies are ready.`);
};
