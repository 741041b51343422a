import type { Server } from "node:http";
import { runbooks } from "@revenprox/contract/alerts/runbooks";
import { desired } from "./desired/index.ts";
import { secretsToCreate } from "./desired/secrets.ts";
import type { KubeClient } from "./kube/client.ts";
import { createCluster } from "./kube/cluster.ts";
import { createDiscovery, type Discovery, type ServedMonitoring } from "./kube/discovery.ts";
import { createEventRecorder } from "./kube/events.ts";
import { coreTargets, monitoringTargets, revenproxKind, serviceMonitorKind } from "./kube/kinds.ts";
import { isStatus } from "./kube/kube-error.ts";
import { keyOf } from "./kube/object.ts";
import { createSecrets } from "./kube/secrets.ts";
import { createDefaultStorageClass } from "./kube/storage-class.ts";
import { ObjectStore } from "./kube/store.ts";
import { keysOf } from "./kube/triggers.ts";
import type { WatchObserver } from "./kube/watch.ts";
import { WatchSet } from "./kube/watch-set.ts";
import { type Scheduler, WorkQueue } from "./kube/work-queue.ts";
import { askProxy, createReadWorkload } from "./kube/workload.ts";
import { type Cluster, reconcile } from "./reconcile/reconcile.ts";
import type { Settings } from "./settings.ts";
import { status } from "./status/index.ts";
import { describeError, type Log } from "./telemetry/log.ts";
import { createMetrics, type Metrics } from "./telemetry/metrics.ts";
import { createTelemetryServer } from "./telemetry/server.ts";
import type { PassTracing } from "./telemetry/tracing.ts";
import { createWorker } from "./worker.ts";

export interface Outside {
  readonly client: KubeClient;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly version: string;
  /** Absent: passes are not traced. */
  readonly tracing?: PassTracing | undefined;
  /** Milliseconds between two looks for the monitoring CRDs. */
  readonly discoveryIntervals?: { readonly missing: number; readonly complete: number };
}

export interface Operator {
  readonly server: Server;
  /** Resolves once the watches run; they never give up. */
  start(): Promise<void>;
  /** Ends watches and workers; what is being written is finished. */
  stop(): Promise<void>;
}

/** A loop or worker that did nothing for this long is stuck. */
const STUCK_MS = 600_000;

/** Wires everything; nothing runs before `start`. */
export const composeOperator = (settings: Settings, outside: Outside): Operator => {
  const { client, scheduler, log } = outside;
  const metrics = createMetrics(
    {
      queueDepth: () => queue.depth,
      longestRunningSeconds: () => queue.longestRunningMs / 1_000,
      lastEventAgeSeconds: () => view.watches.lastEventAgeMs / 1_000,
      resources: () => view.store.all(revenproxKind).length,
    },
    outside.version,
  );
  const view = composeView(settings, outside, { metrics, add: (key) => queue.add(key) });
  const cluster = composeCluster(settings, outside, view);
  const now = () => new Date();
  const queue = new WorkQueue({
    scheduler,
    work: createWorker({
      log,
      metrics,
      now: scheduler.now,
      tracing: outside.tracing,
      run: (counted) => (key) =>
        reconcile({ cluster: counted(cluster), settings: settings.operator, desired, status, now }, key),
    }),
    maxConcurrent: settings.maxConcurrent,
    onRejected: (key, error) => log.error(`${key}: ${describeError(error)}`),
  });
  const server = createTelemetryServer({
    metrics,
    runbooks,
    live: () => livenessFault(queue, view.watches),
    ready: () => (view.isComplete() ? undefined : incompleteView),
  });
  return {
    server,
    start: async () => {
      for (const target of coreTargets) view.watches.start(target);
      await view.discovery.start();
    },
    stop: async () => {
      view.discovery.stop();
      await Promise.all([view.watches.stop(), queue.stop()]);
      client.close();
    },
  };
};

const incompleteView =
  "the first lists are not in yet: is the RevenProx CRD installed, and may the operator read all it needs? See its log.";

/** What the operator sees of the cluster. */
interface View {
  readonly store: ObjectStore;
  readonly watches: WatchSet;
  readonly discovery: Discovery;
  /** Whether every first list is in; before that children would look as if they were missing, so no key is worked on. */
  readonly isComplete: () => boolean;
  /** Asks for a pass over the resource of this key. */
  readonly enqueue: (key: string) => void;
}

const composeView = (
  settings: Settings,
  { client, scheduler, log, discoveryIntervals: intervals }: Outside,
  { metrics, add }: { readonly metrics: Metrics; readonly add: (key: string) => void },
): View => {
  let complete = false;
  const enqueue = (key: string) => {
    if (complete) add(key);
  };
  const enqueueAll = () => {
    for (const { metadata } of store.all(revenproxKind)) enqueue(keyOf(metadata.namespace, metadata.name));
  };
  const store = new ObjectStore((change) => {
    for (const key of keysOf(change)) enqueue(key);
  });
  const discovery: Discovery = createDiscovery({
    client,
    scheduler,
    ...(intervals === undefined ? {} : { intervals }),
    onChange: (served) => {
      log.info("the monitoring CRDs that are served have changed", { ...served });
      followMonitoring(watches, served);
      enqueueAll();
    },
    onFailed: (error) => log.warn(`cannot tell whether the monitoring CRDs are there: ${describeError(error)}`),
  });
  const watches = new WatchSet({
    client,
    scheduler,
    store,
    observer: createWatchObserver({ metrics, log, discovery }),
    manager: settings.fieldManager,
    namespaces: settings.namespaces,
    onSynced: () => {
      if (complete || !watches.hasSynced(coreTargets)) return;
      complete = true;
      log.info("watching RevenProxes", { namespaces: settings.namespaces, resources: store.all(revenproxKind).length });
      enqueueAll();
    },
  });
  return { store, watches, discovery, enqueue, isComplete: () => complete };
};

const composeCluster = (settings: Settings, { client, scheduler, log }: Outside, view: View): Cluster => {
  const { now } = scheduler;
  const manager = settings.fieldManager;
  const secrets = createSecrets({ client, now, manager });
  return createCluster({
    client,
    store: view.store,
    discovery: view.discovery,
    secrets,
    secretsToCreate,
    manager,
    now,
    defaultStorageClass: createDefaultStorageClass(client, now),
    readWorkload: createReadWorkload({
      secrets,
      ask: askProxy,
      now,
      onChange: ({ metadata }) => view.enqueue(keyOf(metadata.namespace, metadata.name)),
      onUnknown: ({ metadata }, error) =>
        log.debug(`the streams of ${metadata.namespace}/${metadata.name} are not known: ${describeError(error)}`),
    }),
    record: createEventRecorder({
      client,
      manager,
      clock: () => new Date(),
      onLost: ({ reason }, error) => log.warn(`event ${reason} could not be written: ${describeError(error)}`),
    }),
  });
};

const livenessFault = (queue: WorkQueue, watches: WatchSet): string | undefined => {
  if (queue.longestRunningMs > STUCK_MS) return "a worker is stuck";
  return watches.lastProgressAgeMs > STUCK_MS ? "a watch is stuck" : undefined;
};

const followMonitoring = (watches: WatchSet, served: ServedMonitoring): void => {
  for (const target of monitoringTargets) {
    const isServed = target.kind === serviceMonitorKind ? served.serviceMonitor : served.prometheusRule;
    if (isServed) watches.start(target);
    else watches.drop(target);
  }
};

const createWatchObserver = ({
  metrics,
  log,
  discovery,
}: {
  readonly metrics: Metrics;
  readonly log: Log;
  readonly discovery: Discovery;
}): WatchObserver => ({
  listed: ({ kind }) => metrics.listed(kind.kind),
  interrupted: (target, error, delayMs) => {
    metrics.watchInterrupted(target.kind.kind);
    log.warn(`watch of ${target.kind.kind} broke, again in ${Math.round(delayMs)} ms: ${describeError(error)}`);
    // The kind itself may have gone.
    if (monitoringTargets.includes(target) && isStatus(error, 404)) discovery.check();
  },
});
