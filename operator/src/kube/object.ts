import type { KubernetesObject, ObjectMeta, ObjectRef } from "../reconcile/ports.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** One entry of `metadata.managedFields`. */
export interface ManagedFieldsEntry {
  readonly manager: string;
  readonly operation: string;
  readonly subresource?: string;
  readonly fieldsV1?: JsonObject;
}

/** An object from the API server; of `managedFields` only the operator's own apply entries are kept. */
export interface LiveObject extends KubernetesObject {
  readonly metadata: ObjectMeta & {
    readonly managedFields?: readonly ManagedFieldsEntry[];
    /** Of a workload: what others say that they own of the pods' spec; absent: nothing. */
    readonly ofOthers?: readonly ManagedFieldsEntry[];
    readonly resourceVersion: string;
  };
}

/** Thrown for an answer that is no Kubernetes object. */
export class MalformedObjectError extends Error {
  override readonly name = "MalformedObjectError";
}

interface RawObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: LiveObject["metadata"];
}

const isOwnApply = (entry: ManagedFieldsEntry, manager: string): boolean =>
  entry.manager === manager && entry.operation === "Apply" && (entry.subresource ?? "") === "";

const workloads: ReadonlySet<string> = new Set(["Deployment", "StatefulSet"]);

/** The part of an entry that is about the spec of the pods; most have none. */
const ofPods = ({ fieldsV1, ...entry }: ManagedFieldsEntry): readonly ManagedFieldsEntry[] => {
  const pods = ["f:spec", "f:template", "f:spec"].reduce<Json | undefined>(
    (fields, key) => (isJsonObject(fields) ? fields[key] : undefined),
    fieldsV1,
  );
  if (!isJsonObject(pods)) return [];
  return [{ ...entry, fieldsV1: { "f:spec": { "f:template": { "f:spec": pods } } } }];
};

/**
 * Takes an object as sent by the API server, strips the managed fields of others (they are the larger part of it),
 * and fills in kind and apiVersion, which lists leave out of their items.
 */
export const parseLiveObject = (
  value: unknown,
  type: { readonly apiVersion: string; readonly kind: string },
  manager: string,
): LiveObject => {
  const raw = value as RawObject | null;
  if (raw?.metadata?.name === undefined || raw.metadata.resourceVersion === undefined) {
    throw new MalformedObjectError(
      `the API server sent something that is no ${type.kind}: it has no name or resourceVersion`,
    );
  }
  const { managedFields = [], ...metadata } = raw.metadata;
  const own = managedFields.filter((entry) => isOwnApply(entry, manager));
  const others = workloads.has(type.kind) ? managedFields.filter((entry) => !own.includes(entry)).flatMap(ofPods) : [];
  return {
    ...raw,
    ...type,
    metadata: {
      ...metadata,
      ...(own.length === 0 ? {} : { managedFields: own }),
      ...(others.length === 0 ? {} : { ofOthers: others }),
    },
  };
};

export const refOf = ({ apiVersion, kind, metadata }: KubernetesObject): ObjectRef => ({
  apiVersion,
  kind,
  name: metadata.name,
});

/** Key of an object among those of its kind. */
export const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ""}/${name}`;

/** The owner that controls an object; at most one. */
export const controllerOf = (object: KubernetesObject) =>
  object.metadata.ownerReferences?.find((owner) => owner.controller === true);
