import type { ApplyOutcome } from "../reconcile/ports.ts";
import { pathOf } from "./kinds.ts";
import { type ManagedFieldsEntry, parseLiveObject } from "./object.ts";
import { type ApplyDependencies, applyPatch } from "./put-right.ts";
import type { Wish } from "./wish.ts";

interface Answer {
  readonly metadata: { readonly uid: string; readonly managedFields?: readonly ManagedFieldsEntry[] };
}

/** Whether somebody else had made it: controllers, which were faster, write the status only. */
const isOfOthers = ({ metadata: { managedFields = [] } }: Answer, manager: string): boolean =>
  managedFields.some((entry) => entry.manager !== manager && (entry.subresource ?? "") === "");

/**
 * Makes an object that was looked for and is absent. An apply would as well take over one that somebody has made since:
 * its answer tells, and then the operator lets go of all that it had set.
 */
export const createChild = async (
  { client, store, manager }: ApplyDependencies,
  { kind, namespace, ref, object }: Wish,
): Promise<ApplyOutcome> => {
  const apply = (body: unknown) =>
    client.request({
      method: "PATCH",
      path: pathOf(kind, namespace, ref.name),
      query: { fieldManager: manager },
      contentType: applyPatch,
      body,
    });
  const answer = (await apply(object)) as Answer;
  if (!isOfOthers(answer, manager)) {
    store.put(kind, parseLiveObject(answer, kind, manager));
    return { kind: "created", ref };
  }
  const { apiVersion, kind: type, metadata } = object;
  await apply({ apiVersion, kind: type, metadata: { name: metadata.name, namespace, uid: answer.metadata.uid } });
  // The next pass finds it, and says whose it is.
  return { kind: "failed", ref, message: "somebody else has made an object of this name in the same moment" };
};
