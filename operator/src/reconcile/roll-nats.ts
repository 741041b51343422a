import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { NatsServer } from "../nats/nats-server.ts";
import { type NatsPod, type NatsWorkload, nextNatsRestart } from "../nats/next-restart.ts";
import type { ResourceEvent } from "./transitions.ts";

/** What became of the wish to have a pod go. */
export type Eviction = { readonly kind: "evicted" } | { readonly kind: "held"; readonly why: string };

/** The managed NATS servers of the RevenProxes. */
export interface NatsFleet {
  /** What the servers said last; they are asked in the background. */
  known(revenprox: RevenProx): readonly NatsServer[];
  /** Whether a server may be due for a restart; asks nobody. */
  isDue(revenprox: RevenProx): boolean;
  /** Asks the servers now; undefined when there are none. Never throws. */
  ask(
    revenprox: RevenProx,
  ): Promise<{ readonly workload: NatsWorkload; readonly pods: readonly NatsPod[] } | undefined>;
  /** Deletes the pod if its PodDisruptionBudget allows. Throws when the API server does not answer. */
  evict(revenprox: RevenProx, pod: NatsPod): Promise<Eviction>;
}

export interface RollDependencies {
  readonly nats: NatsFleet;
  /** Never throws. */
  readonly record: (revenprox: RevenProx, event: ResourceEvent) => Promise<void>;
}

/** Seconds between two looks while servers of a former revision are left. */
export const ROLLING_SECONDS = 3;

/**
 * Takes the next step towards servers that are all of the present revision and store events; answers whether there is more to do. The
 * StatefulSet replaces no pod by itself (`OnDelete`): it knows nothing of the journal's copies.
 */
export const rollNats = async ({ nats, record }: RollDependencies, revenprox: RevenProx): Promise<boolean> => {
  if (!nats.isDue(revenprox)) return false;
  const cluster = await nats.ask(revenprox);
  if (cluster === undefined) return false;
  const next = nextNatsRestart(cluster.workload, cluster.pods);
  if (next.kind === "settled") return false;
  if (next.kind === "wait") {
    if (!next.passing) await record(revenprox, waiting(next.why));
    return true;
  }
  const { pod } = next;
  const eviction = await nats.evict(revenprox, pod);
  await record(revenprox, eviction.kind === "evicted" ? restarting(pod) : waiting(eviction.why));
  return true;
};

const restarting = ({ name, failingMs, server }: NatsPod): ResourceEvent =>
  failingMs > 0
    ? {
        type: "Warning",
        reason: "NatsHealing",
        message: `NATS server ${name} is restarted, its writes fail: ${server?.fault}`,
      }
    : { type: "Normal", reason: "NatsRestarting", message: `NATS server ${name} is restarted with its new settings.` };

const waiting = (why: string): ResourceEvent => ({
  type: "Normal",
  reason: "NatsRestartWaits",
  message: `The next NATS server is restarted when the others hold the journal: ${why}.`,
  lasting: true,
});
