import type { KubeClient } from "./client.ts";
import { type OptionalKind, optionalKinds } from "./kinds.ts";
import { isStatus } from "./kube-error.ts";
import type { Scheduler } from "./work-queue.ts";

/** Which optional kinds the API server serves. */
export type ServedKinds = Readonly<Record<OptionalKind, boolean>>;

export interface DiscoveryOptions {
  readonly client: KubeClient;
  readonly scheduler: Scheduler;
  readonly onChange: (served: ServedKinds) => void;
  readonly onFailed: (error: unknown) => void;
  /** Milliseconds between two looks while a kind is missing, and while all are there. */
  readonly intervals?: { readonly missing: number; readonly complete: number };
}

export interface Discovery {
  readonly served: ServedKinds;
  /** Looks now; resolves when `served` is known. */
  start(): Promise<void>;
  /** Looks again at once: something was said to be missing. */
  check(): void;
  stop(): void;
}

const kindNames = Object.keys(optionalKinds) as readonly OptionalKind[];
const none: ServedKinds = { serviceMonitor: false, prometheusRule: false, httpRoute: false, scaledObject: false };

const defaultIntervals = { missing: 15_000, complete: 60_000 };

/** Follows whether the CRDs of the optional kinds are there, by asking: this needs no right on CustomResourceDefinitions. */
export const createDiscovery = (options: DiscoveryOptions): Discovery => {
  const { client, scheduler, onChange, onFailed, intervals = defaultIntervals } = options;
  let served: ServedKinds = none;
  let cancel: (() => void) | undefined;
  let stopped = false;

  const look = async (): Promise<void> => {
    try {
      const found = await read(client);
      const changed = kindNames.some((name) => found[name] !== served[name]);
      served = found;
      if (changed) onChange(found);
    } catch (error) {
      // What is not known stays as it was: an outage is no removal.
      onFailed(error);
    }
    plan(kindNames.every((name) => served[name]) ? intervals.complete : intervals.missing);
  };

  const plan = (ms: number): void => {
    cancel?.();
    if (!stopped) cancel = scheduler.after(ms, () => void look());
  };

  return {
    get served() {
      return served;
    },
    start: look,
    check: () => plan(0),
    stop: () => {
      stopped = true;
      cancel?.();
    },
  };
};

const read = async (client: KubeClient): Promise<ServedKinds> => {
  const [monitoring, gateway, keda] = await Promise.all([
    pluralsOf(client, optionalKinds.serviceMonitor.apiVersion),
    pluralsOf(client, optionalKinds.httpRoute.apiVersion),
    pluralsOf(client, optionalKinds.scaledObject.apiVersion),
  ]);
  return {
    serviceMonitor: monitoring.has(optionalKinds.serviceMonitor.plural),
    prometheusRule: monitoring.has(optionalKinds.prometheusRule.plural),
    httpRoute: gateway.has(optionalKinds.httpRoute.plural),
    scaledObject: keda.has(optionalKinds.scaledObject.plural),
  };
};

/** What a version of an API group serves. */
const pluralsOf = async (client: KubeClient, apiVersion: string): Promise<ReadonlySet<string>> => {
  try {
    const answer = await client.request({ method: "GET", path: `/apis/${apiVersion}` });
    const { resources = [] } = answer as { readonly resources?: readonly { readonly name: string }[] };
    return new Set(resources.map(({ name }) => name));
  } catch (error) {
    if (isStatus(error, 404)) return new Set();
    throw error;
  }
};
