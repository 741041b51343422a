import { revenproxFieldPaths, type SchemaSkew } from "@revenprox/contract/resource/field-paths";
import type { KubeClient } from "./kube/client.ts";
import { createDiscovery, type Discovery, type ServedKinds } from "./kube/discovery.ts";
import { coreTargets, type OptionalKind, optionalTargets, podKind, revenproxKind } from "./kube/kinds.ts";
import { isStatus } from "./kube/kube-error.ts";
import { keyOf } from "./kube/object.ts";
import { createServedSchema, type ServedSchema } from "./kube/served-schema.ts";
import { ObjectStore } from "./kube/store.ts";
import { isOnlyOfStatus, keysOf } from "./kube/triggers.ts";
import type { WatchObserver } from "./kube/watch.ts";
import { WatchSet } from "./kube/watch-set.ts";
import type { Scheduler } from "./kube/work-queue.ts";
import { createEndings, type Endings } from "./rollout/endings.ts";
import type { Settings } from "./settings.ts";
import { describeError, type Log } from "./telemetry/log.ts";
import type { Metrics } from "./telemetry/metrics.ts";

/** What the operator sees of the cluster. */
export interface View {
  readonly store: ObjectStore;
  /** How pods that are gone had ended. */
  readonly endings: Endings;
  readonly watches: WatchSet;
  readonly discovery: Discovery;
  readonly servedSchema: ServedSchema;
  /** Whether every first list is in; before that children would look as if they were missing, so no key is worked on. */
  readonly isComplete: () => boolean;
  /** Asks for a report on the resource of this key. */
  readonly askForReport: (key: string) => void;
  /** Asks for a pass over every resource. */
  readonly enqueueAll: () => void;
}

export interface ViewParts {
  readonly client: KubeClient;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Milliseconds between two looks for the monitoring CRDs. */
  readonly discoveryIntervals?: { readonly missing: number; readonly complete: number } | undefined;
  /** Milliseconds between two looks at the CRD that is served. */
  readonly schemaIntervalMs?: number | undefined;
  /** Where keys go: to a pass, which ends with a report, or to a report alone. */
  readonly ask: { readonly forPass: (key: string) => void; readonly forReport: (key: string) => void };
}

/** Watches and what they fill; nothing runs before they are started. */
export const composeView = (settings: Settings, parts: ViewParts): View => {
  const { client, scheduler, log, metrics, discoveryIntervals: intervals, schemaIntervalMs, ask } = parts;
  let complete = false;
  const whenComplete = (add: (key: string) => void) => (key: string) => {
    if (complete) add(key);
  };
  const [askForPass, askForReport] = [whenComplete(ask.forPass), whenComplete(ask.forReport)];
  const enqueueAll = () => {
    for (const { metadata } of store.all(revenproxKind)) askForPass(keyOf(metadata.namespace, metadata.name));
  };
  const endings = createEndings();
  const store = new ObjectStore((change) => {
    if (change.kind === podKind && change.after === undefined && change.before !== undefined)
      endings.note(change.before);
    for (const key of keysOf(change)) (isOnlyOfStatus(change) ? askForReport : askForPass)(key);
  });
  const discovery: Discovery = createDiscovery({
    client,
    scheduler,
    ...(intervals === undefined ? {} : { intervals }),
    onChange: (served) => {
      log.info("the optional CRDs that are served have changed", { ...served });
      followOptional(watches, served);
      enqueueAll();
    },
    onFailed: (error) => log.warn(`cannot tell whether the optional CRDs are there: ${describeError(error)}`),
  });
  const servedSchema = createServedSchema({
    client,
    scheduler,
    own: revenproxFieldPaths(),
    intervalMs: schemaIntervalMs,
    onChange: (skew, before) => {
      tellSkew(log, skew);
      if (before !== undefined || skew.missing.length + skew.unknown.length > 0) enqueueAll();
    },
    onFailed: (error) => log.warn(`cannot tell which CRD is served: ${describeError(error)}`),
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
  return { store, endings, watches, discovery, servedSchema, askForReport, enqueueAll, isComplete: () => complete };
};

const tellSkew = (log: Log, { missing, unknown }: SchemaSkew): void => {
  if (missing.length > 0)
    log.warn("the CRD that is served is of an earlier release: the API server drops fields without a word", {
      missing,
    });
  else if (unknown.length > 0) log.info("the CRD that is served is of a later release than this operator", { unknown });
  else log.info("the CRD that is served is of this release");
};

const followOptional = (watches: WatchSet, served: ServedKinds): void => {
  for (const [name, target] of Object.entries(optionalTargets)) {
    if (served[name as OptionalKind]) watches.start(target);
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
    if (Object.values(optionalTargets).includes(target) && isStatus(error, 404)) discovery.check();
  },
});
