import type { PlannedField } from "@revenprox/contract/resource/status-plan";

type Tree = Readonly<Record<string, unknown>>;

const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null && !Array.isArray(value);

/** What the server keeps for itself, or the operator as its own mark: no change that anybody asked for. */
const bookkeeping = new Set([
  ".status",
  ".metadata.managedFields",
  ".metadata.resourceVersion",
  ".metadata.generation",
  ".metadata.uid",
  ".metadata.creationTimestamp",
  ".metadata.annotations.revenprox.io/applied-hash",
  ".metadata.annotations.revenprox.io/template-cause",
]);

/** By these fields Kubernetes tells the items of a list apart. */
const itemKeys = ["name", "mountPath", "containerPort", "port", "key", "topologyKey", "uid"] as const;

const keyOfItem = (item: unknown): string | undefined => {
  if (!isTree(item)) return undefined;
  const found = itemKeys.find((key) => ["string", "number"].includes(typeof item[key]));
  return found === undefined ? undefined : String(item[found]);
};

/** A list as a tree: its items by what tells them apart, else by their places. */
const byKey = (list: readonly unknown[], keyed: boolean): Tree =>
  Object.fromEntries(list.map((item, index) => [`[${keyed ? keyOfItem(item) : index}]`, item]));

const isKeyed = (list: readonly unknown[]): boolean => {
  const keys = list.map(keyOfItem);
  return keys.every((key) => key !== undefined) && new Set(keys).size === keys.length;
};

/** Both as trees, when they are of one shape. */
const asTrees = (before: unknown, after: unknown): readonly [Tree, Tree] | undefined => {
  if (isTree(before) && isTree(after)) return [before, after];
  if (!Array.isArray(before) || !Array.isArray(after)) return undefined;
  const keyed = isKeyed(before) && isKeyed(after);
  return [byKey(before, keyed), byKey(after, keyed)];
};

const textOf = (value: unknown): string | undefined =>
  value === undefined || typeof value === "string" ? value : JSON.stringify(value);

/** Of two texts of several lines only the lines that are not in both. */
const withoutCommonLines = (before: string, after: string): readonly [string, string] => {
  const [old, now] = [before.split("\n"), after.split("\n")];
  const only = (lines: readonly string[], others: readonly string[]) => {
    const common = new Set(others);
    return lines.filter((line) => !common.has(line)).join("\n");
  };
  return [only(old, now), only(now, old)];
};

const leaf = (path: string, before: unknown, after: unknown): PlannedField => {
  const [from, to] = [textOf(before), textOf(after)];
  const lines = from?.includes("\n") === true && to !== undefined ? withoutCommonLines(from, to) : undefined;
  const [shownFrom, shownTo] = lines ?? [from, to];
  return {
    path,
    ...(shownFrom === undefined ? {} : { from: shownFrom }),
    ...(shownTo === undefined ? {} : { to: shownTo }),
  };
};

const below = (path: string, key: string): string => (key.startsWith("[") ? `${path}${key}` : `${path}.${key}`);

const diff = (path: string, before: unknown, after: unknown): readonly PlannedField[] => {
  if (bookkeeping.has(path)) return [];
  const trees = asTrees(before, after);
  if (trees === undefined) {
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [leaf(path, before, after)];
  }
  const [old, now] = trees;
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].toSorted();
  return keys.flatMap((key) => diff(below(path, key), old[key], now[key]));
};

/**
 * Fields that differ between two states of an object as the API server has them, by dotted paths such as
 * `.spec.template.spec.containers[proxy].image`; status and bookkeeping left out.
 */
export const fieldDiff = (before: unknown, after: unknown): readonly PlannedField[] => diff("", before, after);
