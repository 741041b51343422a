import { isJsonObject, type Json, type JsonObject, type ManagedFieldsEntry } from "./object.ts";

/** Fields the server itself knows and leaves out of managed fields. */
const serverOwned = new Set(["apiVersion", "kind"]);
const serverOwnedMetadata = new Set(["name", "namespace", "uid"]);

/** One set out of several entries of a manager (it has one per API version that it wrote in). */
const merge = (left: JsonObject, right: JsonObject): JsonObject =>
  Object.fromEntries(
    [...new Set([...Object.keys(left), ...Object.keys(right)])].map((key) => {
      const [a, b] = [left[key], right[key]];
      return [key, isJsonObject(a) && isJsonObject(b) ? merge(a, b) : (a ?? b ?? {})];
    }),
  );

/** All fields that the entries name, in one tree. */
export const fieldsOf = (entries: readonly ManagedFieldsEntry[]): JsonObject =>
  entries.reduce<JsonObject>((all, entry) => merge(all, entry.fieldsV1 ?? {}), {});

/**
 * Dotted paths of those fields of `desired` that the entries do not list, empty when all are ours still.
 *
 * The server takes a field out of a manager's entry as soon as anybody else changes or removes its value, so a field
 * that is listed has the value of our last apply. This is exact for defaults, quantities, atomic lists and merge keys
 * alike without knowing any schema, and it does not fight webhooks that change what we send.
 * Format: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
export const lostFields = (desired: JsonObject, entries: readonly ManagedFieldsEntry[]): readonly string[] => {
  const owned = fieldsOf(entries);
  const lost: string[] = [];
  for (const [key, value] of Object.entries(desired)) {
    if (serverOwned.has(key)) continue;
    const wanted = key === "metadata" ? ownMetadata(value) : value;
    if (isEmptyMetadata(key, wanted)) continue;
    lost.push(...lostBelow(wanted, owned[`f:${key}`], `.${key}`));
  }
  return lost;
};

const ownMetadata = (metadata: Json): Json =>
  isJsonObject(metadata)
    ? Object.fromEntries(Object.entries(metadata).filter(([key]) => !serverOwnedMetadata.has(key)))
    : metadata;

const isEmptyMetadata = (key: string, value: Json): boolean =>
  key === "metadata" && isJsonObject(value) && Object.keys(value).length === 0;

export const isLeaf = (fields: JsonObject): boolean => Object.keys(fields).every((key) => key === ".");

const lostBelow = (wanted: Json, fields: Json | undefined, path: string): readonly string[] => {
  if (!isJsonObject(fields)) return [path];
  if (isLeaf(fields)) return [];
  if (Array.isArray(wanted)) return wanted.flatMap((item: Json) => lostInItem(item, fields, path));
  if (!isJsonObject(wanted)) return [];
  return Object.entries(wanted).flatMap(([key, value]) => lostBelow(value, fields[`f:${key}`], `${path}.${key}`));
};

const lostInItem = (item: Json, fields: JsonObject, path: string): readonly string[] => {
  const entry = Object.keys(fields).find((key) => identifies(key, item));
  return entry === undefined
    ? [`${path}[${labelOf(item)}]`]
    : lostBelow(item, fields[entry], `${path}[${labelOf(item)}]`);
};

/** `k:{…}` names an item of a keyed list (defaulted keys may be absent in ours), `v:…` a member of a set. */
export const identifies = (entry: string, item: Json): boolean => {
  const value: Json = entry.startsWith("k:") || entry.startsWith("v:") ? JSON.parse(entry.slice(2)) : null;
  if (entry.startsWith("v:")) return value === item;
  if (!entry.startsWith("k:") || !isJsonObject(value) || !isJsonObject(item)) return false;
  return Object.entries(value).every(([key, part]) => item[key] === undefined || item[key] === part);
};

const labelOf = (item: Json): string => {
  if (!isJsonObject(item)) return String(item);
  const name = item["name"] ?? item["mountPath"] ?? item["port"] ?? item["containerPort"] ?? item["uid"];
  return typeof name === "object" ? "" : String(name);
};

const valueAt = (object: Json, path: readonly string[]): Json | undefined =>
  path.reduce<Json | undefined>((value, key) => (isJsonObject(value) ? value[key] : undefined), object);

/** Those lists of `desired` that are lost or lost an item, in their places; undefined when no lost field is in a list. */
export const listsAround = (desired: JsonObject, lost: readonly string[]): JsonObject | undefined => {
  const lists = lost.flatMap((field) => {
    const path = (field.split("[")[0] ?? "").slice(1).split(".");
    const list = valueAt(desired, path);
    return Array.isArray(list) ? [path.reduceRight<Json>((inner, key) => ({ [key]: inner }), list)] : [];
  });
  return lists.filter(isJsonObject).reduce<JsonObject | undefined>((all, each) => merge(all ?? {}, each), undefined);
};
