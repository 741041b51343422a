import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { Ailment, Cause } from "../healing/ailments.ts";
import type { HealingLook } from "../healing/healer.ts";
import type { Eviction } from "./roll-nats.ts";
import type { ResourceEvent } from "./transitions.ts";

export interface ReplaceDependencies {
  /** Deletes the pod, gracefully, if its PodDisruptionBudget allows. Throws when the API server does not answer. */
  readonly evict: (revenprox: RevenProx, pod: { readonly name: string; readonly uid: string }) => Promise<Eviction>;
  /** Never throws. */
  readonly record: (revenprox: RevenProx, event: ResourceEvent) => Promise<void>;
}

const lost: Readonly<Record<Cause, string>> = {
  NatsLost: "NATS",
  BreakerOpen: "the token verifier (its circuit breaker is open)",
};

/** Has a proxy replaced whose replacement is on the budget already; it drains, and its ReplicaSet makes another one. */
export const replaceProxy = async (
  { evict, record }: ReplaceDependencies,
  revenprox: RevenProx,
  { look, ailment }: { readonly look: HealingLook; readonly ailment: Ailment },
): Promise<void> => {
  const { pod, uid, cause } = ailment;
  const eviction = await evict(revenprox, { name: pod, uid });
  const why = `it cannot reach ${lost[cause]}, and at least half of the proxies can`;
  const { counted, maxPerHour } = look;
  await record(
    revenprox,
    eviction.kind === "evicted"
      ? {
          type: "Warning",
          reason: "ProxyReplaced",
          message: `Pod ${pod} is replaced: ${why}. That is replacement ${counted.length} of at most ${maxPerHour} in an hour.`,
        }
      : {
          type: "Warning",
          reason: "ReplacementHeld",
          message: `Pod ${pod} is to be replaced, since ${why}, but may not go now: ${eviction.why}`,
          lasting: true,
        },
  );
};
