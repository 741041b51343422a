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

/** Made by the StatefulSet's controller; read by name, and only while they are to grow. */
export const persistentVolumeClaimKind = resource("v1", "PersistentVolumeClaim", "persistentvolumeclaims");

export const podDisruptionBudgetKind = resource("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets");
export const networkPolicyKind = resource("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies");

export const horizontalPodAutoscalerKind = resource(
  "autoscaling/v2",
  "HorizontalPodAutoscaler",
  "horizontalpodautoscalers",
);

export const ingressKind = resource("networking.k8s.io/v1", "Ingress", "ingresses");

/** Kinds that come and go with their CustomResourceDefinitions. */
export const optionalKinds = {
  serviceMonitor: resource("monitoring.coreos.com/v1", "ServiceMonitor", "servicemonitors"),
  prometheusRule: resource("monitoring.coreos.com/v1", "PrometheusRule", "prometheusrules"),
  httpRoute: resource("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes"),
  scaledObject: resource("keda.sh/v1alpha1", "ScaledObject", "scaledobjects"),
} as const satisfies Record<string, ResourceKind>;
export type OptionalKind = keyof typeof optionalKinds;

/** Kinds that `desired()` may ask for and that every cluster serves. */
export const coreChildKinds: readonly ResourceKind[] = [
  resource("v1", "ServiceAccount", "serviceaccounts"),
  configMapKind,
  resource("v1", "Service", "services"),
  deploymentKind,
  statefulSetKind,
  podDisruptionBudgetKind,
  networkPolicyKind,
  ingressKind,
  horizontalPodAutoscalerKind,
];

/** Every kind that `desired()` may ask for. */
export const childKinds: readonly ResourceKind[] = [...coreChildKinds, ...Object.values(optionalKinds)];

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

const optionalTarget = (kind: ResourceKind): WatchTarget => ({ kind, labelSelector: ours });

/** What is watched while its kind is served. */
export const optionalTargets: Readonly<Record<OptionalKind, WatchTarget>> = {
  serviceMonitor: optionalTarget(optionalKinds.serviceMonitor),
  prometheusRule: optionalTarget(optionalKinds.prometheusRule),
  httpRoute: optionalTarget(optionalKinds.httpRoute),
  scaledObject: optionalTarget(optionalKinds.scaledObject),
};

/** Thrown when `desired()` asks for a kind that this operator neither watches nor may write. */
export class UnknownKindError extends Error {
  override readonly name = "UnknownKindError";
}

export const childKindOf = (object: { readonly apiVersion: string; readonly kind: string }): ResourceKind => {
  const found = childKinds.find(({ apiVersion, kind }) => apiVersion === object.apiVersion && kind === object.kind);
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
