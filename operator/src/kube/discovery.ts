import type { KubeClient } from "./client.ts";
import { monitoringApiVersion, prometheusRuleKind, serviceMonitorKind } from "./kinds.ts";
import { isStatus } from "./kube-error.ts";
import type { Scheduler } from "./work-queue.ts";

/** Which optional kinds the API server serves. */
export interface ServedMonitoring {
  readonly serviceMonitor: boolean;
  readonly prometheusRule: boolean;
}

export interface DiscoveryOptions {
  readonly client: KubeClient;
  readonly scheduler: Scheduler;
  readonly onChange: (served: ServedMonitoring) => void;
  readonly onFailed: (error: unknown) => void;
  /** Milliseconds between two looks while a kind is missing, and while all are there. */
  readonly intervals?: { readonly missing: number; readonly complete: number };
}

export interface Discovery {
  readonly served: ServedMonitoring;
  /** Looks now; resolves when `served` is known. */
  start(): Promise<void>;
  /** Looks again at once: something was said to be missing. */
  check(): void;
  stop(): void;
}

const defaultIntervals = { missing: 15_000, complete: 60_000 };

/** Follows whether the monitoring CRDs are there, by asking: this needs no right on CustomResourceDefinitions. */
export const createDiscovery = (options: DiscoveryOptions): Discovery => {
  const { client, scheduler, onChange, onFailed, intervals = defaultIntervals } = options;
  let served: ServedMonitoring = { serviceMonitor: false, prometheusRule: false };
  let cancel: (() => void) | undefined;
  let stopped = false;

  const look = async (): Promise<void> => {
    try {
      const found = await read(client);
      const changed = found.serviceMonitor !== served.serviceMonitor || found.prometheusRule !== served.prometheusRule;
      served = found;
      if (changed) onChange(found);
    } catch (error) {
      // What is not known stays as it was: an outage is no removal.
      onFailed(error);
    }
    plan(served.serviceMonitor && served.prometheusRule ? intervals.complete : intervals.missing);
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

const read = async (client: KubeClient): Promise<ServedMonitoring> => {
  try {
    const answer = await client.request({ method: "GET", path: `/apis/${monitoringApiVersion}` });
    const { resources = [] } = answer as { readonly resources?: readonly { readonly name: string }[] };
    const has = (plural: string) => resources.some(({ name }) => name === plural);
    return { serviceMonitor: has(serviceMonitorKind.plural), prometheusRule: has(prometheusRuleKind.plural) };
  } catch (error) {
    if (isStatus(error, 404)) return { serviceMonitor: false, prometheusRule: false };
    throw error;
  }
};
