import { appLabel } from "@revenprox/contract/labels";
import { names } from "@revenprox/contract/names";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { hasWriteFailure, type NatsServer } from "../nats/nats-server.ts";
import { HEAL_AFTER_MS, type NatsPod, type NatsWorkload } from "../nats/next-restart.ts";
import type { NatsFleet } from "../reconcile/roll-nats.ts";
import { statefulSetKind } from "./kinds.ts";
import type { AskNats } from "./nats-monitor.ts";
import type { LiveObject } from "./object.ts";
import { isReadyPod, type Pod, podsBelow } from "./pod.ts";
import type { ObjectStore } from "./store.ts";

export interface NatsServersDependencies {
  readonly store: ObjectStore;
  readonly ask: AskNats;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
  /** Told when servers say something else than before. */
  readonly onChange: (revenprox: RevenProx) => void;
}

export type NatsServers = Omit<NatsFleet, "evict">;

interface StatefulSet extends LiveObject {
  readonly spec?: { readonly replicas?: number; readonly volumeClaimTemplates?: readonly unknown[] };
  readonly status?: { readonly observedGeneration?: number; readonly updateRevision?: string };
}

/** What is known of the servers of one resource. */
interface Known {
  readonly askedAt: number;
  readonly servers: readonly NatsServer[];
  /** Since when the writes of a server fail, by the uid of its pod. */
  readonly failingSince: ReadonlyMap<string, number>;
}

const FRESH_MS = 10_000;
const FORGOTTEN_MS = 600_000;
const revisionLabel = "controller-revision-hash";
const nothing: Pick<Known, "servers" | "failingSince"> = { servers: [], failingSince: new Map() };

/** Asks managed NATS servers at their pods' addresses; those whose chain of controllers leads to the resource alone. */
export const createNatsServers = ({ store, ask, now, onChange }: NatsServersDependencies): NatsServers => {
  const known = new Map<string, Known>();

  const refresh = async (revenprox: RevenProx): Promise<readonly NatsPod[]> => {
    const { uid } = revenprox.metadata;
    const before = known.get(uid) ?? nothing;
    const pods = await Promise.all(
      natsPods(store, revenprox).map(async (pod) => {
        const server = await answerOf(ask, pod);
        return natsPod(pod, server, failingMs(pod, server, { now: now(), since: before.failingSince }));
      }),
    );
    const servers = pods.flatMap(({ server }) => server ?? []);
    const failing = pods.filter((pod) => pod.server !== undefined && hasWriteFailure(pod.server));
    const failingSince = new Map(failing.map((pod) => [pod.uid, before.failingSince.get(pod.uid) ?? now()]));
    known.set(uid, { askedAt: now(), servers, failingSince });
    if (faults(servers) !== faults(before.servers)) onChange(revenprox);
    return pods;
  };

  return {
    known: (revenprox) => {
      const { uid } = revenprox.metadata;
      const last = known.get(uid);
      // Resources that nobody asked for in a while are gone.
      for (const [other, { askedAt }] of known) if (now() - askedAt > FORGOTTEN_MS) known.delete(other);
      if (last !== undefined && now() - last.askedAt < FRESH_MS) return last.servers;
      if (statefulSetOf(store, revenprox) === undefined) return [];
      known.set(uid, { ...(last ?? nothing), askedAt: now() });
      void refresh(revenprox);
      return last?.servers ?? [];
    },
    isDue: (revenprox) => {
      const statefulSet = statefulSetOf(store, revenprox);
      if (statefulSet === undefined) return false;
      const { updateRevision } = workloadOf(statefulSet);
      const { failingSince } = known.get(revenprox.metadata.uid) ?? nothing;
      return (
        [...failingSince.values()].some((since) => now() - since >= HEAL_AFTER_MS) ||
        natsPods(store, revenprox).some(({ metadata }) => metadata.labels?.[revisionLabel] !== updateRevision)
      );
    },
    ask: async (revenprox) => {
      const statefulSet = statefulSetOf(store, revenprox);
      if (statefulSet === undefined) return undefined;
      return { workload: workloadOf(statefulSet), pods: await refresh(revenprox) };
    },
  };
};

const statefulSetOf = (store: ObjectStore, { metadata }: RevenProx): StatefulSet | undefined =>
  store
    .ownedBy(metadata.uid)
    .find(({ kind, metadata: { name } }) => kind === statefulSetKind.kind && name === names(metadata.name).nats);

const natsPods = (store: ObjectStore, { metadata }: RevenProx): readonly Pod[] =>
  podsBelow(store, metadata.uid).filter(({ metadata: { labels } }) => labels?.["app"] === appLabel.nats);

const answerOf = async (ask: AskNats, pod: Pod): Promise<NatsServer | undefined> => {
  const address = pod.status?.podIP;
  if (address === undefined || pod.metadata.deletionTimestamp !== undefined) return undefined;
  try {
    return await ask(address, pod.metadata.name);
  } catch {
    // Being silent is what it says: a server that starts, or a network policy in between.
    return undefined;
  }
};

const failingMs = (
  { metadata: { uid = "" } }: Pod,
  server: NatsServer | undefined,
  { now, since }: { readonly now: number; readonly since: ReadonlyMap<string, number> },
): number => {
  if (server === undefined || !hasWriteFailure(server)) return 0;
  // Never 0, which would say that writes work.
  return Math.max(1, now - (since.get(uid) ?? now));
};

const natsPod = (pod: Pod, server: NatsServer | undefined, failing: number): NatsPod => {
  const { name, uid = "", labels, deletionTimestamp } = pod.metadata;
  return {
    name,
    uid,
    revision: labels?.[revisionLabel],
    ready: isReadyPod(pod),
    leaving: deletionTimestamp !== undefined,
    server,
    failingMs: failing,
  };
};

const faults = (servers: readonly NatsServer[]): string =>
  JSON.stringify(servers.map(({ name, fault }) => [name, fault ?? ""]).toSorted());

const workloadOf = ({ metadata, spec, status }: StatefulSet): NatsWorkload => ({
  replicas: spec?.replicas ?? 1,
  persistent: (spec?.volumeClaimTemplates ?? []).length > 0,
  updateRevision: (status?.observedGeneration ?? 0) < (metadata.generation ?? 0) ? undefined : status?.updateRevision,
});
