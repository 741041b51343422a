import type { KubernetesObject, ObjectRef } from "../reconcile/ports.ts";

/** A write that the API server took as a dry run. Of a Secret there is neither `before` nor `after`. */
export interface RecordedWrite {
  readonly ref: ObjectRef;
  readonly action: "Create" | "Change" | "Delete";
  /** The object as it was, absent when it was not there. */
  readonly before?: KubernetesObject;
  /** As it would be after all defaults and webhooks; absent when it would go. */
  readonly after?: KubernetesObject;
}
