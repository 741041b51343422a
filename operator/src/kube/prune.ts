import { managedBy } from "@revenprox/contract/labels";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { ApplyOutcome, DesiredObject } from "../reconcile/ports.ts";
import { failureOf } from "./apply.ts";
import type { KubeClient } from "./client.ts";
import { childKindOf, childKinds, configMapKind, pathOf } from "./kinds.ts";
import { KubeError } from "./kube-error.ts";
import { type LiveObject, refOf } from "./object.ts";
import { mountedConfigMaps, podsBelow } from "./pod.ts";
import { isOlderVersion, type ObjectStore } from "./store.ts";

export interface PruneDependencies {
  readonly client: KubeClient;
  readonly store: ObjectStore;
}

const prunable = new Set(childKinds.map(({ kind }) => kind));

/** Children of ours that are no longer desired, as far as nothing needs them. Pure. */
export const unneeded = (
  children: readonly LiveObject[],
  desired: readonly DesiredObject[],
  pods: readonly LiveObject[],
): readonly LiveObject[] => {
  const wanted = new Set(desired.map((object) => `${object.kind} ${object.metadata.name}`));
  const leftOver = children.filter(
    ({ kind, metadata }) =>
      prunable.has(kind) &&
      metadata.labels?.["app.kubernetes.io/managed-by"] === managedBy &&
      metadata.deletionTimestamp === undefined &&
      !wanted.has(`${kind} ${metadata.name}`),
  );
  const kept = keptConfigs(leftOver, [...pods, ...templatesOf(desired)]);
  return leftOver.filter((object) => !kept.has(object));
};

/** What the pods to come will mount: a template that is held back names an older configuration. */
const templatesOf = (desired: readonly DesiredObject[]): readonly LiveObject[] =>
  desired.flatMap((object) => {
    const { template } = (object["spec"] ?? {}) as { readonly template?: object };
    return template === undefined ? [] : [{ ...object, ...template } as LiveObject];
  });

/** A pod may still mount an older configuration, and `kubectl rollout undo` needs the one before. */
const keptConfigs = (leftOver: readonly LiveObject[], pods: readonly LiveObject[]): ReadonlySet<LiveObject> => {
  const configs = leftOver.filter((object) => object.kind === configMapKind.kind && object["immutable"] === true);
  const mounted = new Set(pods.flatMap(mountedConfigMaps));
  const newest = configs.toSorted((a, b) => (isOlder(a, b) ? 1 : -1)).slice(0, 1);
  return new Set([...newest, ...configs.filter(({ metadata }) => mounted.has(metadata.name))]);
};

/** Times of creation are whole seconds, and a configuration may follow another one within the same. */
const isOlder = ({ metadata: left }: LiveObject, { metadata: right }: LiveObject): boolean =>
  left.creationTimestamp === right.creationTimestamp
    ? isOlderVersion(left.resourceVersion, right.resourceVersion)
    : (left.creationTimestamp ?? "") < (right.creationTimestamp ?? "");

/** Deletes what is ours and no longer desired; the answer names what could not be deleted. Never throws. */
export const prune = async (
  { client, store }: PruneDependencies,
  revenprox: RevenProx,
  desired: readonly DesiredObject[],
): Promise<readonly ApplyOutcome[]> => {
  const { uid } = revenprox.metadata;
  const gone = unneeded(store.ownedBy(uid), desired, podsBelow(store, uid));
  const outcomes = await Promise.all(gone.map((object) => remove(client, object)));
  return outcomes.filter((outcome) => outcome !== undefined);
};

const remove = async (client: KubeClient, object: LiveObject): Promise<ApplyOutcome | undefined> => {
  const { namespace, name, uid } = object.metadata;
  const body = { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid }, propagationPolicy: "Background" };
  try {
    await client.request({ method: "DELETE", path: pathOf(childKindOf(object), namespace, name), body });
    return undefined;
  } catch (error) {
    // Gone already, or another object has the name by now.
    if (error instanceof KubeError && [404, 409].includes(error.status)) return undefined;
    return failureOf(refOf(object), error);
  }
};
