import type { Server } from "node:http";
import { runbooks } from "@revenprox/contract/alerts/runbooks";
import { composeQueues, type Queues } from "./compose-queues.ts";
import { composeView, type View } from "./compose-view.ts";
import { secretsToCreate } from "./desired/secrets.ts";
import { askLoad } from "./fleet/ask-load.ts";
import { createFleet } from "./fleet/fleet.ts";
import { callManagement } from "./fleet/management-call.ts";
import { createHealer } from "./healing/healer.ts";
import type { KubeClient } from "./kube/client.ts";
import { createCluster } from "./kube/cluster.ts";
import { createEventRecorder } from "./kube/events.ts";
import { fencedClient } from "./kube/fenced-client.ts";
import { coreTargets, revenproxKind } from "./kube/kinds.ts";
import { createLeasePort } from "./kube/lease.ts";
import { askNats } from "./kube/nats-monitor.ts";
import { createNatsServers } from "./kube/nats-servers.ts";
import { keyOf } from "./kube/object.ts";
import { createMarkPods } from "./kube/pod-deletion-cost.ts";
import { createReadPrometheuses } from "./kube/prometheuses.ts";
import { createScalingOutside } from "./kube/scaling-outside.ts";
import { createSecrets } from "./kube/secrets.ts";
import { createStorageClasses } from "./kube/storage-class.ts";
import type { Scheduler } from "./kube/work-queue.ts";
import { askProxy, createReadWorkload } from "./kube/workload.ts";
import { electedLeadership, type Leadership, type LeadershipEvents, soleLeadership } from "./leader/leadership.ts";
import type { Cluster } from "./reconcile/reconcile.ts";
import { createRollout } from "./rollout/rollout.ts";
import { createScaler } from "./scaling/scaler.ts";
import type { Settings } from "./settings.ts";
import { describeError, type Log } from "./telemetry/log.ts";
import { createMetrics } from "./telemetry/metrics.ts";
import { createTelemetryServer } from "./telemetry/server.ts";
import type { PassTracing } from "./telemetry/tracing.ts";

export interface Outside {
  readonly client: KubeClient;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly version: string;
  /** Holder of the Lease, of this process alone. */
  readonly identity: string;
  /** Absent: passes are not traced. */
  readonly tracing?: PassTracing | undefined;
  /** Milliseconds between two looks at the CRD that is served. */
  readonly schemaIntervalMs?: number;
  /** Milliseconds between two looks for the monitoring CRDs. */
  readonly discoveryIntervals?: { readonly missing: number; readonly complete: number };
  /** For the dates of certificates; the machine's unless given. */
  readonly clock?: () => Date;
  /** Milliseconds without progress after which a loop or a worker is taken for stuck; ten minutes unless given. */
  readonly stuckAfterMs?: number;
}

export interface Operator {
  readonly server: Server;
  /** Resolves once the watches run; they never give up. */
  start(): Promise<void>;
  /** Ends watches and workers, waits a second for what is being written, and hands over to another operator. */
  stop(): Promise<void>;
}

/** Far more than the slowest pass over a resource takes while the API server is slow. */
const STUCK_MS = 600_000;
/** How long passes may go on when the operator stops; the next leader waits as long. */
const STOP_PASSES_MS = 1_000;

/** Wires everything; nothing runs before `start`. */
export const composeOperator = (settings: Settings, outside: Outside): Operator => {
  const { client, scheduler, log } = outside;
  const metrics = createMetrics(
    {
      queues: { reconcile: readingsOf(() => queues.passes), status: readingsOf(() => queues.reports) },
      lastEventAgeSeconds: () => view.watches.lastEventAgeMs / 1_000,
      resources: () => view.store.all(revenproxKind).length,
      cachedObjects: () => view.store.size,
      leads: () => leadership.leads,
      missingFields: () => view.servedSchema.skew?.missing.length,
    },
    outside.version,
  );
  const whileLeading = (add: (key: string) => void) => (key: string) => {
    if (leadership.leads) add(key);
  };
  const ask = {
    forPass: whileLeading((key) => queues.passes.add(key)),
    forReport: whileLeading((key) => queues.reports.add(key)),
  };
  const view = composeView(settings, { ...outside, metrics, ask });
  const leadership = composeLeadership(settings, outside, {
    onGained: () => {
      log.info("this operator leads", { identity: outside.identity });
      metrics.leadershipGained();
      view.enqueueAll();
    },
    onLost: () => {
      log.warn("this operator leads no more: it writes nothing until it holds the Lease again");
      for (const queue of [queues.passes, queues.reports]) queue.clear();
      scaler.forgetAll();
      healer.forgetAll();
    },
    onFailed: (error) => log.warn(`the Lease could not be read or written: ${describeError(error)}`),
  });
  const scaler = createScaler({ now: scheduler.now, onDecided: metrics.autoscalingDecided });
  const healer = createHealer({
    now: scheduler.now,
    onAiling: ({ metadata }) => view.askForReport(keyOf(metadata.namespace, metadata.name)),
  });
  const cluster = composeCluster(settings, outside, { view, client: fencedClient(client, leadership.guard) });
  const queues: Queues = composeQueues(settings, {
    cluster,
    scheduler,
    log,
    metrics,
    tracing: outside.tracing,
    leads: () => leadership.leads,
    scaler,
    healer,
  });
  const server = createTelemetryServer({
    metrics,
    runbooks,
    live: () => livenessFault({ queues, view, leadership }, outside.stuckAfterMs ?? STUCK_MS),
    ready: () => (view.isComplete() ? undefined : incompleteView),
  });
  return {
    server,
    start: async () => {
      for (const target of coreTargets) view.watches.start(target);
      leadership.start();
      await Promise.all([view.discovery.start(), view.servedSchema.start()]);
    },
    stop: async () => {
      view.discovery.stop();
      view.servedSchema.stop();
      const work = Promise.all([queues.passes.stop(), queues.reports.stop()]);
      await Promise.race([work, new Promise<void>((resolve) => void scheduler.after(STOP_PASSES_MS, resolve))]);
      await leadership.stop();
      await Promise.all([work, view.watches.stop()]);
      client.close();
    },
  };
};

const readingsOf = (queue: () => Queues["passes"]) => ({
  depth: () => queue().depth,
  longestRunningSeconds: () => queue().longestRunningMs / 1_000,
});

/** Without a place for the Lease this operator is the only one. */
const composeLeadership = (
  { election }: Settings,
  { client, scheduler, identity }: Outside,
  events: LeadershipEvents,
): Leadership => {
  if (election === undefined) return soleLeadership(events);
  const lease = createLeasePort(client, election.lease);
  return electedLeadership({
    ...events,
    lease,
    identity,
    times: election.times,
    scheduler,
    wallClock: () => new Date(),
  });
};

const incompleteView =
  "the first lists are not in yet: is the RevenProx CRD installed, and may the operator read all it needs? See its log.";

const composeCluster = (
  settings: Settings,
  { scheduler, log, clock = () => new Date() }: Outside,
  { view, client }: { readonly view: View; readonly client: KubeClient },
): Cluster => {
  const { now } = scheduler;
  const manager = settings.fieldManager;
  const secrets = createSecrets({ client, now, manager });
  const fleet = createFleet({
    secrets,
    ask: askLoad(callManagement),
    call: callManagement,
    now,
    onSilent: (pod, error) => log.debug(`${pod} does not tell its load: ${describeError(error)}`),
  });
  return createCluster({
    client,
    store: view.store,
    discovery: view.discovery,
    servedSchema: view.servedSchema,
    secrets,
    secretsToCreate,
    clock,
    manager,
    now,
    storageClasses: createStorageClasses(client, now),
    readPrometheuses: createReadPrometheuses(client, now),
    readWorkload: createReadWorkload({
      secrets,
      ask: askProxy,
      now,
      onChange: ({ metadata }) => view.askForReport(keyOf(metadata.namespace, metadata.name)),
      onUnknown: ({ metadata }, error) =>
        log.debug(`the streams of ${metadata.namespace}/${metadata.name} are not known: ${describeError(error)}`),
    }),
    scaling: createScalingOutside({ client, store: view.store, manager, readLoads: fleet.read }),
    rollout: createRollout({
      store: view.store,
      fleet,
      markPods: createMarkPods(client, manager),
      endingOf: view.endings.of,
      now,
      wallClock: () => new Date(),
    }),
    natsServers: createNatsServers({
      store: view.store,
      ask: askNats,
      now,
      onChange: ({ metadata }) => view.askForReport(keyOf(metadata.namespace, metadata.name)),
    }),
    record: createEventRecorder({
      client,
      manager,
      clock: () => new Date(),
      onLost: ({ reason }, error) => log.warn(`event ${reason} could not be written: ${describeError(error)}`),
    }),
  });
};

const livenessFault = (
  { queues, view, leadership }: { readonly queues: Queues; readonly view: View; readonly leadership: Leadership },
  stuckMs: number,
): string | undefined => {
  if (leadership.lastTurnAgeMs > stuckMs) return "the election is stuck";
  if (queues.passes.longestRunningMs > stuckMs) return "a pass over a RevenProx is stuck";
  if (queues.reports.longestRunningMs > stuckMs) return "a report on a RevenProx is stuck";
  return view.watches.lastProgressAgeMs > stuckMs ? "a watch is stuck" : undefined;
};
