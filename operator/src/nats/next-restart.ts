import { hasWriteFailure, type NatsServer } from "./nats-server.ts";

/** The StatefulSet of the NATS servers as far as restarts depend on it. */
export interface NatsWorkload {
  readonly replicas: number;
  /** Revision of the present template; undefined until its controller has seen the template. */
  readonly updateRevision: string | undefined;
  /** Whether a server's copy of the journal outlives its pod. */
  readonly persistent: boolean;
}

export interface NatsPod {
  readonly name: string;
  readonly uid: string;
  readonly revision: string | undefined;
  readonly ready: boolean;
  /** Deleted, and about to go. */
  readonly leaving: boolean;
  /** Undefined when it does not answer. */
  readonly server: NatsServer | undefined;
  /** Milliseconds for which its writes have been failing, as far as it was asked; 0: they work. */
  readonly failingMs: number;
}

/** For how long writes fail before a server is restarted for it. A disk that stays full costs a restart each time. */
export const HEAL_AFTER_MS = 120_000;

/** What is to be done next so that all servers come to be of the present revision and store events. */
export type NextRestart =
  | { readonly kind: "settled" }
  /** `passing`: it is over in a moment, and nobody needs to hear of it. */
  | { readonly kind: "wait"; readonly why: string; readonly passing: boolean }
  | { readonly kind: "restart"; readonly pod: NatsPod };

const wait = (why: string, passing = false): NextRestart => ({ kind: "wait", why, passing });

/** Why this server cannot be relied on while another one is down; undefined when it can. */
const weakness = ({ name, ready, server }: NatsPod): string | undefined => {
  if (!ready) return `${name} is not ready`;
  if (server === undefined) return `${name} does not answer at its monitoring port`;
  return server.fault === undefined ? undefined : `${name} is not well: ${server.fault}`;
};

/** Copies that are late besides that of `pod`, which may itself be the leader that says so. */
const lateWithout = (pod: NatsPod, all: readonly NatsPod[]): string | undefined =>
  all
    .flatMap(({ server }) => server?.leads ?? [])
    .map(({ stream, behind }) => ({ stream, others: behind.filter((each) => each !== pod.name) }))
    .filter(({ others }) => others.length > 0)
    .map(({ stream, others }) => `${others.join(", ")} lags behind in ${stream}`)[0];

/** What keeps `pod` from being taken: the other servers have to hold the journal by themselves then. */
const hindrance = (
  pod: NatsPod,
  all: readonly NatsPod[],
  { replicas, persistent }: NatsWorkload,
): string | undefined => {
  // Without a majority the journal stands still anyway, and no server gets ready before there is one.
  if (!pod.ready && all.filter(({ ready }) => ready).length * 2 <= replicas) return undefined;
  const stopped = all.every(({ ready }) => ready) && all.filter(stores).length * 2 <= replicas;
  if (persistent && pod.failingMs > 0 && stopped) return undefined;
  if (all.length < replicas) return `${all.length} of ${replicas} servers have a pod`;
  const weak = all.filter((other) => other !== pod).map(weakness);
  return weak.find((why) => why !== undefined) ?? lateWithout(pod, all);
};

const stores = ({ ready, server }: NatsPod): boolean => ready && server !== undefined && !hasWriteFailure(server);

/** Those that store nothing first: they cost nothing. Then by the streams that they lead, so that each moves seldom. */
const order = (a: NatsPod, b: NatsPod): number =>
  Number(stores(a)) - Number(stores(b)) ||
  (a.server?.leads.length ?? 0) - (b.server?.leads.length ?? 0) ||
  (a.name < b.name ? 1 : -1);

/**
 * Servers of a former revision, and those whose writes fail, are restarted one at a time, and only while all others are
 * ready and hold every stream as far as its leader does. One that is not ready goes before those that are, so a revision
 * that does not start can be left again. A single server whose writes fail is left to its liveness probe, which keeps
 * the pod and so an emptyDir.
 */
export const nextNatsRestart = (workload: NatsWorkload, pods: readonly NatsPod[]): NextRestart => {
  const { replicas, updateRevision } = workload;
  if (updateRevision === undefined) return wait("the StatefulSet controller has not seen the change yet", true);
  const due = pods.filter(
    ({ revision, failingMs }) => revision !== updateRevision || (replicas > 1 && failingMs >= HEAL_AFTER_MS),
  );
  if (due.length === 0) return { kind: "settled" };
  const leaving = pods.find((pod) => pod.leaving);
  if (leaving !== undefined) return wait(`${leaving.name} is ending`, true);
  const candidates = due.toSorted(order).map((pod) => ({ pod, why: hindrance(pod, pods, workload) }));
  const free = candidates.find(({ why }) => why === undefined);
  return free === undefined ? wait(candidates[0]?.why ?? "") : { kind: "restart", pod: free.pod };
};
