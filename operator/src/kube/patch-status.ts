import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import { canonicalJson } from "./canonical.ts";
import type { KubeClient } from "./client.ts";
import { pathOf, revenproxKind } from "./kinds.ts";
import { parseLiveObject } from "./object.ts";
import type { ObjectStore } from "./store.ts";

export interface StatusDependencies {
  readonly client: KubeClient;
  readonly store: ObjectStore;
  readonly manager: string;
}

/** Writes the status if it differs from what the resource has; answers whether it wrote. */
export const patchStatus = async (
  { client, store, manager }: StatusDependencies,
  revenprox: RevenProx,
  status: RevenProxStatus,
): Promise<boolean> => {
  if (canonicalJson(revenprox.status ?? {}) === canonicalJson(status)) return false;
  const { name, namespace, uid } = revenprox.metadata;
  const answer = await client.request({
    method: "PATCH",
    path: `${pathOf(revenproxKind, namespace, name)}/status`,
    query: { fieldManager: manager, force: "true" },
    contentType: "application/apply-patch+yaml",
    // With the uid a resource that took the name meanwhile does not get this one's status.
    body: {
      apiVersion: revenproxKind.apiVersion,
      kind: revenproxKind.kind,
      metadata: { name, namespace, uid },
      status,
    },
  });
  store.put(revenproxKind, parseLiveObject(answer, revenproxKind, manager));
  return true;
};
