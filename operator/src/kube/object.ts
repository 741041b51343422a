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
  return { ...raw, ...type, metadata: own.length === 0 ? metadata : { ...metadata, managedFields: own } };
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
