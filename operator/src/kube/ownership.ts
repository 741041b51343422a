import { revenproxApi } from "@revenprox/contract/resource/group";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { OwnerReference } from "../reconcile/ports.ts";
import { controllerOf, type LiveObject } from "./object.ts";

export const ownerReferenceTo = ({ metadata }: RevenProx): OwnerReference => ({
  apiVersion: revenproxApi.apiVersion,
  kind: revenproxApi.kind,
  name: metadata.name,
  uid: metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});

/** Whose an existing object is: this resource's, an earlier one's of the same name (the garbage collector takes it), or foreign. */
export type Holder =
  | { readonly kind: "ours" }
  | { readonly kind: "leaving" }
  | { readonly kind: "foreign"; readonly owner: string };

export const holderOf = (object: LiveObject, { metadata }: RevenProx): Holder => {
  const controller = controllerOf(object);
  if (controller === undefined) return { kind: "foreign", owner: "nobody (it has no controlling ownerReference)" };
  if (controller.uid === metadata.uid)
    return object.metadata.deletionTimestamp === undefined ? { kind: "ours" } : { kind: "leaving" };
  if (controller.kind === revenproxApi.kind && controller.name === metadata.name) return { kind: "leaving" };
  return { kind: "foreign", owner: `${controller.kind} ${controller.name}` };
};
