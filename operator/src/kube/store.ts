import type { ResourceKind } from "./kinds.ts";
import { controllerOf, keyOf, type LiveObject } from "./object.ts";

/** What happened to one object: `before` is absent when it is new here, `after` when it is gone. */
export interface Change {
  readonly kind: ResourceKind;
  readonly before: LiveObject | undefined;
  readonly after: LiveObject | undefined;
}

/** Deleted objects whose last version is remembered, so that a late answer does not bring them back. */
const MAX_TOMBSTONES = 10_000;

/** Resource versions are decimal numbers of any length; anything else is taken as newer. */
export const isOlderVersion = (left: string, right: string): boolean => {
  if (!/^\d+$/.test(left) || !/^\d+$/.test(right)) return false;
  return left.length === right.length ? left < right : left.length < right.length;
};

/** Live objects as last seen, by kind and name and by the uid of their controller. */
export class ObjectStore {
  readonly #onChange: (change: Change) => void;
  readonly #kinds = new Map<string, Map<string, LiveObject>>();
  readonly #owned = new Map<string, Map<string, LiveObject>>();
  readonly #tombstones = new Map<string, string>();
  /** Versions of the last lists, by kind and namespace. */
  readonly #listed = new Map<string, string>();

  constructor(onChange: (change: Change) => void) {
    this.#onChange = onChange;
  }

  get(kind: ResourceKind, namespace: string, name: string): LiveObject | undefined {
    return this.#kinds.get(kind.kind)?.get(keyOf(namespace, name));
  }

  all(kind: ResourceKind): readonly LiveObject[] {
    return [...(this.#kinds.get(kind.kind)?.values() ?? [])];
  }

  /** Objects of all kinds. */
  get size(): number {
    return [...this.#kinds.values()].reduce((sum, objects) => sum + objects.size, 0);
  }

  /** Objects whose controller has this uid. */
  ownedBy(uid: string): readonly LiveObject[] {
    return [...(this.#owned.get(uid)?.values() ?? [])];
  }

  /** Takes a newer state; an older one than known is dropped (watches lag behind the answers to our own writes). */
  put(kind: ResourceKind, object: LiveObject): void {
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    const before = this.#kinds.get(kind.kind)?.get(key);
    const known = before?.metadata.resourceVersion ?? this.#goneSince(kind, object);
    const version = object.metadata.resourceVersion;
    if (known !== undefined && (known === version || isOlderVersion(version, known))) return;
    this.#tombstones.delete(`${kind.kind} ${key}`);
    this.#set(kind, key, object);
    this.#onChange({ kind, before, after: object });
  }

  /** Forgets an object; `object` is its last state as the watch tells it. */
  remove(kind: ResourceKind, object: LiveObject): void {
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    const before = this.#kinds.get(kind.kind)?.get(key);
    const version = object.metadata.resourceVersion;
    if (before !== undefined && isOlderVersion(version, before.metadata.resourceVersion)) return;
    this.#bury(`${kind.kind} ${key}`, version);
    this.#drop(kind, key);
    this.#onChange({ kind, before: before ?? object, after: undefined });
  }

  /** Takes a whole list of `version`: what is not in it is gone, unless it was seen at a newer version. */
  replace(
    kind: ResourceKind,
    namespace: string | undefined,
    list: { readonly objects: readonly LiveObject[]; readonly version: string },
  ): void {
    const listed = new Set(list.objects.map(({ metadata }) => keyOf(metadata.namespace, metadata.name)));
    for (const object of this.all(kind)) {
      const key = keyOf(object.metadata.namespace, object.metadata.name);
      if (listed.has(key) || (namespace !== undefined && object.metadata.namespace !== namespace)) continue;
      if (isOlderVersion(list.version, object.metadata.resourceVersion)) continue;
      this.#drop(kind, key);
      this.#onChange({ kind, before: object, after: undefined });
    }
    const scope = `${kind.kind} ${namespace ?? ""}`;
    this.#listed.delete(scope);
    for (const object of list.objects) this.put(kind, object);
    this.#listed.set(scope, list.version);
  }

  /** The newest version at which an object was surely not there: after its deletion, or in a list without it. */
  #goneSince({ kind }: ResourceKind, { metadata: { namespace, name } }: LiveObject): string | undefined {
    const deleted = this.#tombstones.get(`${kind} ${keyOf(namespace, name)}`);
    const listed = this.#listed.get(`${kind} `) ?? this.#listed.get(`${kind} ${namespace ?? ""}`);
    if (deleted === undefined || listed === undefined) return deleted ?? listed;
    return isOlderVersion(deleted, listed) ? listed : deleted;
  }

  #set(kind: ResourceKind, key: string, object: LiveObject): void {
    this.#drop(kind, key);
    entryOf(this.#kinds, kind.kind).set(key, object);
    const owner = controllerOf(object)?.uid;
    if (owner !== undefined) entryOf(this.#owned, owner).set(`${kind.kind} ${key}`, object);
  }

  #drop(kind: ResourceKind, key: string): void {
    const objects = this.#kinds.get(kind.kind);
    const object = objects?.get(key);
    if (object === undefined) return;
    objects?.delete(key);
    const owner = controllerOf(object)?.uid ?? "";
    const siblings = this.#owned.get(owner);
    siblings?.delete(`${kind.kind} ${key}`);
    if (siblings?.size === 0) this.#owned.delete(owner);
  }

  #bury(key: string, version: string): void {
    this.#tombstones.delete(key);
    this.#tombstones.set(key, version);
    const oldest = this.#tombstones.size > MAX_TOMBSTONES ? this.#tombstones.keys().next().value : undefined;
    if (oldest !== undefined) this.#tombstones.delete(oldest);
  }
}

const entryOf = <V>(map: Map<string, Map<string, V>>, key: string): Map<string, V> => {
  const found = map.get(key) ?? new Map<string, V>();
  map.set(key, found);
  return found;
};
