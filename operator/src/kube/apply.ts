import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { NotLeadingError } from "../leader/fence.ts";
import type { ApplyOutcome, DesiredObject, ObjectRef } from "../reconcile/ports.ts";
import { anotherOperator, fieldsOfRival } from "../reconcile/rival.ts";
import { createChild } from "./create-child.ts";
import type { DriftMemory } from "./drift-memory.ts";
import { lostFields } from "./field-ownership.ts";
import { type ForeignField, foreignFields } from "./foreign-fields.ts";
import { pathOf } from "./kinds.ts";
import { isEndOfNamespace, isStatus, KubeError } from "./kube-error.ts";
import { type LiveObject, parseLiveObject, refOf } from "./object.ts";
import { holderOf } from "./ownership.ts";
import { type ApplyDependencies, type Correction, putBack, takeAway } from "./put-right.ts";
import { appliedHashAnnotation, asJson, type Wish, wishFor } from "./wish.ts";

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
    if (live === undefined) return await createChild(dependencies, wish);
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
  return error instanceof KubeError && asksForEdit(error)
    ? { kind: "refused", ref, status: error.status, reason: error.reason, message: error.answer }
    : { kind: "failed", ref, message: error instanceof Error ? error.message : String(error) };
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

/** Lost where somebody else wrote it: `kubectl rollout undo` brings back the one of the former revision. */
const hashField = `.metadata.annotations.${appliedHashAnnotation}`;

/** How a live object differs from what is wished for. */
interface Difference {
  readonly sameWish: boolean;
  /**
   * Nobody but an operator writes under its name: where the wish that was fulfilled has given way to another one, a
   * second operator looks after the same resource, and both would overrule each other for ever.
   */
  readonly overruled: boolean;
  readonly lost: readonly string[];
  readonly foreign: readonly ForeignField[];
  /** Fields that somebody else changed. */
  readonly strayed: readonly string[];
}

const differenceOf = (drift: DriftMemory, wish: Wish, live: LiveObject): Difference => {
  const key = live.metadata.uid ?? "";
  const json = asJson(wish.object);
  const lost = lostFields(json, live.metadata.managedFields ?? []);
  const foreign = foreignFields(json, live).filter(({ mark }) => !drift.isInert(key, mark));
  const sameWish = live.metadata.annotations?.[appliedHashAnnotation] === wish.hash;
  const overruled = !sameWish && !lost.includes(hashField) && drift.hadFulfilled(key, wish.hash);
  const strayed = overruled ? fieldsOfRival : [...lost, ...foreign.map(({ field }) => field)];
  return { sameWish, overruled, lost, foreign, strayed };
};

const update = async (dependencies: ApplyDependencies, wish: Wish, live: LiveObject): Promise<ApplyOutcome> => {
  const { drift, now } = dependencies;
  const { ref } = wish;
  const key = live.metadata.uid ?? "";
  const difference = differenceOf(drift, wish, live);
  const { sameWish, overruled, strayed } = difference;
  const isDrift = sameWish || overruled;
  const rival = isDrift && strayed.length > 0 ? drift.rival(key, strayed, now()) : undefined;
  if (rival !== undefined) return { kind: "conflict", ref, manager: rival, fields: strayed };

  const corrections = sameWish && strayed.length === 0 ? [] : await putRight(dependencies, wish, { key, difference });
  drift.fulfilled(key, wish.hash);
  if (corrections.length === 0) return { kind: sameWish ? "unchanged" : "changed", ref };
  const manager = [...new Set(corrections.flatMap(({ managers }) => managers))].join(", ");
  drift.corrected(key, { manager, fields: strayed }, now());
  return { kind: "drift-corrected", ref, manager, fields: corrections.flatMap(({ fields }) => fields) };
};

/** Writes the wish; answers what it took from whom. */
const putRight = async (
  dependencies: ApplyDependencies,
  wish: Wish,
  { key, difference }: { readonly key: string; readonly difference: Difference },
): Promise<readonly Correction[]> => {
  const { sameWish, overruled, lost, foreign } = difference;
  const removed = await takeAway(dependencies, wish, { uid: key, foreign });
  const applies = !sameWish || lost.length > 0;
  const taken = applies ? await putBack(dependencies, wish, { uid: key, lost, sameWish }) : undefined;
  const overruling = overruled ? { managers: [anotherOperator], fields: fieldsOfRival } : undefined;
  return [overruling, removed, taken].filter((each) => each !== undefined);
};
