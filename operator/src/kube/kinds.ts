import { appLabel, managedBy } from "@revenprox/contract/labels";
import { revenproxApi } from "@revenprox/contract/resource/group";

/** A kind of the Kubernetes API with the plural that its paths use; all of them are namespaced. */
export interface ResourceKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
}

const resource = (apiVersion: string, kind: string, plural: string): ResourceKind => ({ apiVersion, kind, plural });

export const revenproxKind = resource(revenproxApi.apiVersion, revenproxApi.kind, revenproxApi.plural);
export const secretKind = resource("v1", "Secret", "secrets");
export const podKind = resource("v1", "Pod", "pods");
export const replicaSetKind = resource("apps/v1", "ReplicaSet", "replicasets");
export const configMapKind = resource("v1", "ConfigMap", "configmaps");
export const deploymentKind = resource("apps/v1", "Deployment", "deployments");
export const statefulSetKind = resource("apps/v1", "StatefulSet", "statefulsets");

/** Group and version of the optional kinds. */
export const monitoringApiVersion = "monitoring.coreos.com/v1";
export const serviceMonitorKind = resource(monitoringApiVersion, "ServiceMonitor", "servicemonitors");
export const prometheusRuleKind = resource(monitoringApiVersion, "PrometheusRule", "prometheusrules");

/** Kinds that `desired()` may ask for and that every cluster serves. */
export const coreChildKinds: readonly ResourceKind[] = [
  resource("v1", "ServiceAccount", "serviceaccounts"),
  configMapKind,
  resource("v1", "Service", "services"),
  deploymentKind,
  statefulSetKind,
];

/** Kinds that come and go with their CustomResourceDefinitions. */
export const monitoringKinds: readonly ResourceKind[] = [serviceMonitorKind, prometheusRuleKind];

/** What one watch follows. */
export interface WatchTarget {
  readonly kind: ResourceKind;
  readonly labelSelector?: string;
  /** Ask the server for metadata only. */
  readonly metadataOnly?: boolean;
}

const ours = `app.kubernetes.io/managed-by=${managedBy}`;

/** Everything that is watched always; foreign objects stay out of memory by the selectors. */
export const coreTargets: readonly WatchTarget[] = [
  { kind: revenproxKind },
  ...coreChildKinds.map((kind) => ({ kind, labelSelector: ours })),
  { kind: replicaSetKind, labelSelector: `app=${appLabel.proxy}`, metadataOnly: true },
  { kind: podKind, labelSelector: `app in (${Object.values(appLabel).join(",")})` },
];

export const monitoringTargets: readonly WatchTarget[] = monitoringKinds.map((kind) => ({ kind, labelSelector: ours }));

/** Thrown when `desired()` asks for a kind that this operator neither watches nor may write. */
export class UnknownKindError extends Error {
  override readonly name = "UnknownKindError";
}

export const childKindOf = (object: { readonly apiVersion: string; readonly kind: string }): ResourceKind => {
  const found = [...coreChildKinds, ...monitoringKinds].find(
    ({ apiVersion, kind }) => apiVersion === object.apiVersion && kind === object.kind,
  );
  if (found === undefined)
    throw new UnknownKindError(`${object.apiVersion} ${object.kind} is no kind of child: add it to kinds.ts`);
  return found;
};

/** Path of a collection, or of one object with `name`; without `namespace` that of all namespaces. */
export const pathOf = (kind: ResourceKind, namespace: string | undefined, name?: string): string => {
  const root = kind.apiVersion.includes("/") ? `/apis/${kind.apiVersion}` : `/api/${kind.apiVersion}`;
  const scope = namespace === undefined ? "" : `/namespaces/${namespace}`;
  return `${root}${scope}/${kind.plural}${name === undefined ? "" : `/${name}`}`;
};
