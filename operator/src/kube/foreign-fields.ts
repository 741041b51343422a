import { canonicalJson } from "./canonical.ts";
import { identifies, isLeaf } from "./field-ownership.ts";
import { isJsonObject, type Json, type JsonObject, type LiveObject, type ManagedFieldsEntry } from "./object.ts";

/** What another manager put into a pod template, which is the operator's whole. */
export interface ForeignField {
  readonly manager: string;
  /** As the API server names it: `.spec.template.spec.containers[name="proxy"].env[name="DEBUG"]`. */
  readonly field: string;
  /** Where it is in the live object. */
  readonly pointer: readonly (string | number)[];
  /** Keys of the list items on the way, by pointer, as they were seen: an item of another place is not to be taken for it. */
  readonly seen: readonly JsonPatchOperation[];
  /** Tells this value of this field from any other. */
  readonly mark: string;
}

/** RFC 6902. */
export interface JsonPatchOperation {
  readonly op: "test" | "remove";
  readonly path: string;
  readonly value?: Json;
}

/** Keys of managed fields, from the root: `f:…` a field, `k:{…}` an item of a keyed list, `v:…` a member of a set. */
type FieldPath = readonly string[];

/** What the entry names and `wanted` has not, each at its topmost place. */
const foreignBelow = (theirs: JsonObject, wanted: Json, path: FieldPath): readonly FieldPath[] =>
  Object.entries(theirs).flatMap(([key, below]) => {
    if (key === ".") return [];
    const here = [...path, key];
    const own = step(wanted, key);
    if (own === undefined) return [here];
    return isJsonObject(below) && !isLeaf(below) ? foreignBelow(below, own.value, here) : [];
  });

interface Step {
  /** A key of an object or an index of a list. */
  readonly at: string | number;
  readonly value: Json;
}

const step = (value: Json, key: string): Step | undefined => {
  if (Array.isArray(value)) {
    const at = value.findIndex((item: Json) => identifies(key, item));
    return at < 0 ? undefined : { at, value: value[at] };
  }
  const name = key.startsWith("f:") ? key.slice(2) : undefined;
  const inside = name !== undefined && isJsonObject(value) ? value[name] : undefined;
  return name === undefined || inside === undefined ? undefined : { at: name, value: inside };
};

const nameOf = (path: FieldPath): string =>
  path
    .map((key) => {
      const name = key.slice(2);
      if (key.startsWith("f:")) return `.${name}`;
      const value: Json = JSON.parse(name);
      return isJsonObject(value)
        ? `[${Object.entries(value)
            .map(([each, part]) => `${each}=${JSON.stringify(part)}`)
            .join(",")}]`
        : `[=${name}]`;
    })
    .join("");

const pointerText = (pointer: readonly (string | number)[]): string =>
  pointer.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/** By what the API server is to know the item of a list again. */
const testsOf = (key: string, pointer: readonly (string | number)[]): readonly JsonPatchOperation[] => {
  if (key.startsWith("f:")) return [];
  const value: Json = JSON.parse(key.slice(2));
  if (!isJsonObject(value)) return [{ op: "test", path: pointerText(pointer), value }];
  return Object.entries(value).map(([name, part]) => ({
    op: "test",
    path: pointerText([...pointer, name]),
    value: part,
  }));
};

const located = (live: Json, path: FieldPath, manager: string): ForeignField | undefined => {
  const pointer: (string | number)[] = [];
  const seen: JsonPatchOperation[] = [];
  let value = live;
  for (const key of path) {
    const next = step(value, key);
    if (next === undefined) return undefined;
    pointer.push(next.at);
    seen.push(...testsOf(key, pointer));
    value = next.value;
  }
  const field = nameOf(path);
  return { manager, field, pointer, seen, mark: `${field} ${canonicalJson(value)}` };
};

/**
 * What others put into the pod template of `live` and `desired` has not. Values that the API server or a webhook fills
 * in belong to nobody and are not told.
 */
export const foreignFields = (desired: JsonObject, live: LiveObject): readonly ForeignField[] => {
  const whole = live as unknown as JsonObject;
  return (live.metadata.ofOthers ?? []).flatMap(({ manager, fieldsV1 = {} }: ManagedFieldsEntry) =>
    foreignBelow(fieldsV1, desired, []).flatMap((path) => located(whole, path, manager) ?? []),
  );
};

/** What comes later in a list first, so that no index moves under the next one. */
const laterFirst = ({ pointer: a }: ForeignField, { pointer: b }: ForeignField): number => {
  const at = a.findIndex((part, index) => part !== b[index]);
  const [left, right] = [a[at] ?? "", b[at] ?? ""];
  return typeof left === "number" && typeof right === "number" ? right - left : String(left) < String(right) ? 1 : -1;
};

/** A patch that takes exactly these away, or is refused where one of them is no longer in its place. */
export const removalOf = (fields: readonly ForeignField[]): readonly JsonPatchOperation[] => {
  const once = [...new Map(fields.map((each) => [pointerText(each.pointer), each])).values()];
  return [
    ...once.flatMap(({ seen }) => seen),
    ...once.toSorted(laterFirst).map(({ pointer }) => ({ op: "remove", path: pointerText(pointer) }) as const),
  ];
};
