import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { NotLeadingError } from "../leader/fence.ts";
import type { ApplyOutcome, DesiredObject, ObjectRef } from "../reconcile/ports.ts";
import { contentHash } from "./canonical.ts";
import type { KubeClient } from "./client.ts";
import type { DriftMemory } from "./drift-memory.ts";
import { listsAround, lostFields } from "./field-ownership.ts";
import { childKindOf, pathOf, type ResourceKind } from "./kinds.ts";
import { isEndOfNamespace, isStatus, KubeError } from "./kube-error.ts";
import { type JsonObject, type LiveObject, parseLiveObject, refOf } from "./object.ts";
import { holderOf, ownerReferenceTo } from "./ownership.ts";
import type { ObjectStore } from "./store.ts";

/** Hash of what was applied last: tells a changed wish from a changed object, also after a restart of the operator. */
export const appliedHashAnnotation = "revenprox.io/applied-hash";
const applyPatch = "application/apply-patch+yaml";
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

interface Wish {
  readonly kind: ResourceKind;
  readonly ref: ObjectRef;
  readonly namespace: string;
  readonly object: DesiredObject;
  readonly hash: string;
}

/**
 * Brings one object to its desired state; writes nothing when it is there. Throws only NotLeadingError: there is no
 * sense in the rest of a pass then.
 */
export const applyObject = async (
  dependencies: ApplyDependencies,
  revenprox: RevenProx,
  desired: DesiredObject,
): Promise<ApplyOutcome> => {
  const ref = refOf(desired);
  try {
    const wish = wishFor(revenprox, desired);
    const live = dependencies.store.get(wish.kind, wish.namespace, ref.name) ?? (await read(dependencies, wish));
    if (live === undefined) return await create(dependencies, wish);
    const holder = holderOf(live, revenprox);
    if (holder.kind === "foreign") return { kind: "name-conflict", ref, owner: holder.owner };
    if (holder.kind === "leaving")
      return { kind: "failed", ref, message: "the former object of this name is still being deleted" };
    return await update(dependencies, wish, live);
  } catch (error) {
    if (error instanceof NotLeadingError) throw error;
    return failureOf(ref, error);
  }
};

/** While a CRD goes away its objects are refused as if by a rule; a moment later their kind is not served. */
const goesAway = /while custom resource definition is terminating/;

/** Whether the API server will say the same again until somebody edits something. */
const asksForEdit = ({ status, malformed, message }: KubeError): boolean =>
  ([400, 403, 422].includes(status) || malformed) && !goesAway.test(message);

/** What a failed call means for an object: the end of its namespace, an answer that asks for an edit, or trouble that passes. */
export const failureOf = (ref: ObjectRef, error: unknown): ApplyOutcome => {
  if (isEndOfNamespace(error)) return { kind: "namespace-ends", ref };
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof KubeError && asksForEdit(error)
    ? { kind: "refused", ref, status: error.status, reason: error.reason, message }
    : { kind: "failed", ref, message };
};

const wishFor = (revenprox: RevenProx, desired: DesiredObject): Wish => {
  const namespace = revenprox.metadata.namespace;
  const owned = {
    ...desired,
    metadata: { ...desired.metadata, namespace, ownerReferences: [ownerReferenceTo(revenprox)] },
  };
  const hash = contentHash(owned);
  const annotations = { ...desired.metadata.annotations, [appliedHashAnnotation]: hash };
  const object = { ...owned, metadata: { ...owned.metadata, annotations } };
  return { kind: childKindOf(desired), ref: refOf(desired), namespace, object, hash };
};

/** Asks by name: an object without our labels is in no watch. */
const read = async (
  { client, manager }: ApplyDependencies,
  { kind, namespace, ref }: Wish,
): Promise<LiveObject | undefined> => {
  try {
    return parseLiveObject(
      await client.request({ method: "GET", path: pathOf(kind, namespace, ref.name) }),
      kind,
      manager,
    );
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
};

const create = async (dependencies: ApplyDependencies, wish: Wish): Promise<ApplyOutcome> => {
  await write(dependencies, wish, { object: wish.object, force: false });
  return { kind: "created", ref: wish.ref };
};

const update = async (dependencies: ApplyDependencies, wish: Wish, live: LiveObject): Promise<ApplyOutcome> => {
  const { drift, now } = dependencies;
  const { ref } = wish;
  const key = live.metadata.uid ?? "";
  const lost = lostFields(asJson(wish.object), live.metadata.managedFields ?? []);
  const sameWish = live.metadata.annotations?.[appliedHashAnnotation] === wish.hash;
  if (sameWish && lost.length === 0) return { kind: "unchanged", ref };
  const rival = sameWish ? drift.rival(key, lost, now()) : undefined;
  if (rival !== undefined) return { kind: "conflict", ref, manager: rival, fields: lost };

  // With the uid the server refuses to touch an object that took the name meanwhile.
  const object = { ...wish.object, metadata: { ...wish.object.metadata, uid: key } };
  const taken = await writeOverOthers(dependencies, wish, object).catch(async (error: unknown) => {
    const lists = sameWish && isStatus(error, 422) ? listsAround(asJson(object), lost) : undefined;
    if (lists === undefined) throw error;
    await replaceLists(dependencies, wish, { uid: key, lists });
    return writeOverOthers(dependencies, wish, object);
  });
  if (taken === undefined && !sameWish) return { kind: "changed", ref };
  const { manager, fields } = taken ?? { manager: unknownManager, fields: lost };
  drift.corrected(key, { manager, fields: lost }, now());
  return { kind: "drift-corrected", ref, manager, fields };
};

interface TakenFields {
  readonly manager: string;
  readonly fields: readonly string[];
}

/** Without force first, so that the server names who holds a field now; then with. */
const writeOverOthers = async (
  dependencies: ApplyDependencies,
  wish: Wish,
  object: DesiredObject,
): Promise<TakenFields | undefined> => {
  try {
    await write(dependencies, wish, { object, force: false });
    return undefined;
  } catch (error) {
    if (!isStatus(error, 409) || error.conflicts.length === 0) throw error;
    await write(dependencies, wish, { object, force: true });
    const managers = new Set(error.conflicts.map(({ manager }) => manager));
    return { manager: [...managers].join(", "), fields: error.conflicts.map(({ field }) => field) };
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

/** What goes over the wire is what is compared. */
const asJson = (object: DesiredObject): JsonObject => JSON.parse(JSON.stringify(object)) as JsonObject;
