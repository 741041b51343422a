import { withoutFields } from "@revenprox/contract/resource/field-paths";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import { canonicalJson } from "./canonical.ts";
import type { KubeClient } from "./client.ts";
import { pathOf, revenproxKind } from "./kinds.ts";
import { isStatus } from "./kube-error.ts";
import { parseLiveObject } from "./object.ts";
import type { SaidStatus } from "./said-status.ts";
import type { ServedSchema } from "./served-schema.ts";
import type { ObjectStore } from "./store.ts";

export interface StatusDependencies {
  readonly client: KubeClient;
  readonly store: ObjectStore;
  readonly said: SaidStatus;
  readonly servedSchema: Pick<ServedSchema, "skew">;
  readonly manager: string;
}

/** An apply with a field that the served schema does not know is refused as a whole. */
const asServed = (status: RevenProxStatus, { skew }: Pick<ServedSchema, "skew">): unknown =>
  skew === undefined || skew.missing.length === 0 ? status : withoutFields(status, "status", new Set(skew.missing));

/** Writes the status if it differs from what the resource has, and if that is still there; answers whether it wrote. */
export const patchStatus = async (
  { client, store, said, servedSchema, manager }: StatusDependencies,
  revenprox: RevenProx,
  status: RevenProxStatus,
  { ifUnchanged = false }: { readonly ifUnchanged?: boolean } = {},
): Promise<boolean> => {
  if (canonicalJson(revenprox.status ?? {}) === canonicalJson(status)) return false;
  const { name, namespace, uid, resourceVersion } = revenprox.metadata;
  // With the uid a resource that took the name meanwhile does not get this one's status.
  const metadata = { name, namespace, uid, ...(ifUnchanged ? { resourceVersion } : {}) };
  const { apiVersion, kind } = revenproxKind;
  try {
    const answer = await client.request({
      method: "PATCH",
      path: `${pathOf(revenproxKind, namespace, name)}/status`,
      query: { fieldManager: manager, force: "true" },
      contentType: "application/apply-patch+yaml",
      body: { apiVersion, kind, metadata, status: asServed(status, servedSchema) },
    });
    const live = parseLiveObject(answer, revenproxKind, manager);
    said.said(revenprox, status, live["status"]);
    store.put(revenproxKind, live);
    return true;
  } catch (error) {
    // Deleted since it was read, as the watch is about to tell; 409: and another has the name.
    if (isStatus(error, 404) || (isStatus(error, 409) && !ifUnchanged)) return false;
    throw error;
  }
};
