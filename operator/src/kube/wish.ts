import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { DesiredObject, ObjectRef } from "../reconcile/ports.ts";
import { contentHash } from "./canonical.ts";
import { childKindOf, type ResourceKind } from "./kinds.ts";
import { type JsonObject, refOf } from "./object.ts";
import { ownerReferenceTo } from "./ownership.ts";

/** Hash of what was applied last: tells a changed wish from a changed object, also after a restart of the operator. */
export const appliedHashAnnotation = "revenprox.io/applied-hash";

/** One object as it is to be, with what tells whose it is. */
export interface Wish {
  readonly kind: ResourceKind;
  readonly ref: ObjectRef;
  readonly namespace: string;
  readonly object: DesiredObject;
  readonly hash: string;
}

export const wishFor = (revenprox: RevenProx, desired: DesiredObject): Wish => {
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

/** What goes over the wire is what is compared. */
export const asJson = (object: DesiredObject): JsonObject => JSON.parse(JSON.stringify(object)) as JsonObject;
