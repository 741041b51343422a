import type { LabelSelector, Prometheus } from "../monitoring/pick-up.ts";
import type { KubeClient } from "./client.ts";
import { isStatus } from "./kube-error.ts";

const path = "/apis/monitoring.coreos.com/v1/prometheuses";
const FRESH_MS = 60_000;
/** More than one cluster has; what is beyond would be asked for in vain. */
const mostRead = 100;

interface PrometheusList {
  readonly metadata?: { readonly continue?: string };
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly namespace: string };
    readonly spec?: {
      readonly serviceMonitorSelector?: LabelSelector | null;
      readonly serviceMonitorNamespaceSelector?: LabelSelector | null;
      readonly ruleSelector?: LabelSelector | null;
      readonly ruleNamespaceSelector?: LabelSelector | null;
    };
  }[];
}

/** The Prometheuses of the cluster, as old as a minute at most; undefined where they are not all known. Throws when the API server cannot tell. */
export type ReadPrometheuses = () => Promise<readonly Prometheus[] | undefined>;

export const createReadPrometheuses = (client: KubeClient, now: () => number): ReadPrometheuses => {
  let known: { readonly at: number; readonly prometheuses: readonly Prometheus[] | undefined } | undefined;
  return async () => {
    if (known !== undefined && now() - known.at < FRESH_MS) return known.prometheuses;
    const prometheuses = await read(client);
    known = { at: now(), prometheuses };
    return prometheuses;
  };
};

const read = async (client: KubeClient): Promise<readonly Prometheus[] | undefined> => {
  try {
    const list = (await client.request({ method: "GET", path, query: { limit: String(mostRead) } })) as PrometheusList;
    return (list.metadata?.continue ?? "") === "" ? list.items.map(prometheusOf) : undefined;
  } catch (error) {
    // No such CRD, or an operator of one namespace, which may not look into others.
    if (isStatus(error, 404) || isStatus(error, 403)) return undefined;
    throw error;
  }
};

const prometheusOf = ({ metadata, spec = {} }: PrometheusList["items"][number]): Prometheus => ({
  namespace: metadata.namespace,
  name: metadata.name,
  selections: {
    ServiceMonitor: {
      objects: spec.serviceMonitorSelector ?? undefined,
      namespaces: spec.serviceMonitorNamespaceSelector ?? undefined,
    },
    PrometheusRule: { objects: spec.ruleSelector ?? undefined, namespaces: spec.ruleNamespaceSelector ?? undefined },
  },
});
