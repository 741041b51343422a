import type { KubernetesObject } from "../reconcile/ports.ts";
import { contentHash } from "./canonical.ts";
import { fieldsOf, identifies, isLeaf } from "./field-ownership.ts";
import { isJsonObject, type Json, type JsonObject, type LiveObject } from "./object.ts";
import { appliedHashAnnotation } from "./wish.ts";

/** The part of a value that the operator's managed fields name. */
const extract = (value: Json, fields: Json | undefined): Json => {
  if (!isJsonObject(fields) || isLeaf(fields)) return value;
  if (Array.isArray(value))
    return value.flatMap((item: Json) => {
      const entry = Object.keys(fields).find((key) => identifies(key, item));
      return entry === undefined ? [] : [extract(item, fields[entry])];
    });
  if (!isJsonObject(value)) return value;
  const owned = Object.entries(value).filter(([key]) => fields[`f:${key}`] !== undefined);
  return Object.fromEntries(owned.map(([key, part]) => [key, extract(part, fields[`f:${key}`])]));
};

const without = (object: JsonObject, name: string): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));

/** Atomic structures come back with the server's defaults in them. */
const withoutDefaults = (key: string, value: unknown): unknown => {
  if (key === "fieldRef" && isJsonObject(value) && value["apiVersion"] === "v1") return without(value, "apiVersion");
  if (key === "volumeClaimTemplates" && Array.isArray(value))
    return value.map((claim: Json) => (isJsonObject(claim) ? without(claim, "status") : claim));
  return value;
};

/**
 * What the operator applied last, field for field, read from the object itself; undefined when somebody has changed or
 * removed any of it since, or when the server gives it back in another form. The hash that was applied with it proves it.
 */
export const lastApplied = (live: LiveObject): KubernetesObject | undefined => {
  const { name, namespace, annotations, managedFields = [] } = live.metadata;
  const hash = annotations?.[appliedHashAnnotation];
  if (hash === undefined || managedFields.length === 0) return undefined;
  const { apiVersion, kind } = live;
  const whole = JSON.parse(JSON.stringify(live, withoutDefaults)) as JsonObject;
  const { metadata, ...rest } = extract(whole, fieldsOf(managedFields)) as JsonObject & { metadata: JsonObject };
  const { annotations: own, ...others } = metadata;
  const kept = Object.entries((own ?? {}) as JsonObject).filter(([key]) => key !== appliedHashAnnotation);
  const applied = {
    ...rest,
    apiVersion,
    kind,
    metadata: { ...others, name, namespace, ...(kept.length === 0 ? {} : { annotations: Object.fromEntries(kept) }) },
  };
  return contentHash(applied) === hash ? (applied as unknown as KubernetesObject) : undefined;
};
