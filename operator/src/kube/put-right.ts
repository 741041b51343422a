import type { DesiredObject } from "../reconcile/ports.ts";
import type { KubeClient } from "./client.ts";
import type { DriftMemory } from "./drift-memory.ts";
import { listsAround } from "./field-ownership.ts";
import { type ForeignField, foreignFields, removalOf } from "./foreign-fields.ts";
import { pathOf } from "./kinds.ts";
import { isStatus } from "./kube-error.ts";
import { type JsonObject, parseLiveObject } from "./object.ts";
import type { ObjectStore } from "./store.ts";
import { asJson, type Wish } from "./wish.ts";

export const applyPatch = "application/apply-patch+yaml";
/** Named where the server does not say who took a field away. */
const unknownManager = "another client";

export interface ApplyDependencies {
  readonly client: KubeClient;
  readonly store: Pick<ObjectStore, "get" | "put">;
  readonly drift: DriftMemory;
  readonly manager: string;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
}

/** What others had changed and is as desired again. */
export interface Correction {
  readonly managers: readonly string[];
  readonly fields: readonly string[];
}

/** Thrown where the pod template was changed once more while foreign fields were taken out of it. */
class ForeignFieldsMovedError extends Error {
  override readonly name = "ForeignFieldsMovedError";
}

/** Applies the wish over what others changed. Undefined where this is a new wish that takes nothing from anybody. */
export const putBack = async (
  dependencies: ApplyDependencies,
  wish: Wish,
  { uid, lost, sameWish }: { readonly uid: string; readonly lost: readonly string[]; readonly sameWish: boolean },
): Promise<Correction | undefined> => {
  // With the uid the server refuses to touch an object that took the name meanwhile.
  const object = { ...wish.object, metadata: { ...wish.object.metadata, uid } };
  const taken = await writeOverOthers(dependencies, wish, object).catch(async (error: unknown) => {
    const lists = sameWish && isStatus(error, 422) ? listsAround(asJson(object), lost) : undefined;
    if (lists === undefined) throw error;
    await replaceLists(dependencies, wish, { uid, lists });
    return writeOverOthers(dependencies, wish, object);
  });
  return taken ?? (sameWish ? { managers: [unknownManager], fields: lost } : undefined);
};

/**
 * Apply leaves what another manager added: a pod template would keep a foreign variable, volume or container for ever.
 * Undefined where nothing went: the API server has filled in a default again that somebody claims as theirs.
 */
export const takeAway = async (
  { client, store, drift, manager }: ApplyDependencies,
  { kind, namespace, ref, object }: Wish,
  { uid, foreign }: { readonly uid: string; readonly foreign: readonly ForeignField[] },
): Promise<Correction | undefined> => {
  if (foreign.length === 0) return undefined;
  const call = client.request({
    method: "PATCH",
    path: pathOf(kind, namespace, ref.name),
    query: { fieldManager: manager },
    contentType: "application/json-patch+json",
    body: [{ op: "test", path: "/metadata/uid", value: uid }, ...removalOf(foreign)],
  });
  const live = parseLiveObject(await call.catch(asMoved), kind, manager);
  store.put(kind, live);
  const present = new Set(foreignFields(asJson(object), live).map(({ mark }) => mark));
  const stayed = new Set(foreign.filter(({ mark }) => present.has(mark)));
  drift.inert(
    uid,
    [...stayed].map(({ mark }) => mark),
  );
  const gone = foreign.filter((each) => !stayed.has(each));
  return gone.length === 0
    ? undefined
    : { managers: gone.map((each) => each.manager), fields: gone.map(({ field }) => field) };
};

/** Not for an edit by somebody: the next pass sees where things are now. */
const asMoved = (error: unknown): never => {
  if (!isStatus(error, 422)) throw error;
  throw new ForeignFieldsMovedError(`what others added could not be taken away: ${error.message}`, { cause: error });
};

/** Without force first, so that the server names who holds a field now; then with. */
const writeOverOthers = async (
  dependencies: ApplyDependencies,
  wish: Wish,
  object: DesiredObject,
): Promise<Correction | undefined> => {
  try {
    await write(dependencies, wish, { object, force: false });
    return undefined;
  } catch (error) {
    if (!isStatus(error, 409) || error.conflicts.length === 0) throw error;
    await write(dependencies, wish, { object, force: true });
    // Lists that were written whole are held by the operator a second time.
    const others = error.conflicts.filter(({ manager }) => manager !== dependencies.manager);
    if (others.length === 0) return undefined;
    return { managers: others.map(({ manager }) => manager), fields: others.map(({ field }) => field) };
  }
};

/**
 * Writes lists whole. Apply leaves an item that another manager put in, also where the object is invalid with both:
 * a Service whose port was edited would have two ports of one name.
 */
const replaceLists = async (
  { client, manager }: ApplyDependencies,
  { kind, namespace, ref }: Wish,
  { uid, lists }: { readonly uid: string; readonly lists: JsonObject },
): Promise<void> => {
  await client.request({
    method: "PATCH",
    path: pathOf(kind, namespace, ref.name),
    query: { fieldManager: manager },
    contentType: "application/merge-patch+json",
    body: { ...lists, metadata: { uid } },
  });
};

/** Applies the object of a wish. */
const write = async (
  { client, store, manager }: ApplyDependencies,
  { kind, namespace, ref }: Wish,
  { object, force }: { readonly object: DesiredObject; readonly force: boolean },
): Promise<void> => {
  const answer = await client.request({
    method: "PATCH",
    path: pathOf(kind, namespace, ref.name),
    query: { fieldManager: manager, force: force ? "true" : undefined },
    contentType: applyPatch,
    body: object,
  });
  store.put(kind, parseLiveObject(answer, kind, manager));
};
