import { names } from "@revenprox/contract/names";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { PodLoad } from "../fleet/pod-load.ts";
import type { ScalingOutside } from "../scaling/scaler.ts";
import type { KubeClient } from "./client.ts";
import { deploymentKind, pathOf, revenproxKind } from "./kinds.ts";
import type { LiveObject } from "./object.ts";
import { podsBelow } from "./pod.ts";
import type { ObjectStore } from "./store.ts";

export interface ScalingParts {
  readonly client: KubeClient;
  readonly store: ObjectStore;
  readonly manager: string;
  /** Figures of proxies, at most so old. Never throws. */
  readonly readLoads: (
    revenprox: RevenProx,
    pods: readonly LiveObject[],
    maxAgeMs: number,
  ) => Promise<readonly PodLoad[]>;
}

/** Less than the pause between two looks. */
const FRESH_MS = 5_000;

/** Pods that ended (evicted, for example) stay listed for a while; they hold nothing and come back no more. */
const hasEnded = (pod: LiveObject): boolean => {
  const { phase = "" } = (pod["status"] ?? {}) as { readonly phase?: string };
  return phase === "Failed" || phase === "Succeeded";
};

/** What scaling reads and writes, in the real cluster. */
export const createScalingOutside = ({ client, store, manager, readLoads }: ScalingParts): ScalingOutside => ({
  liveReplicas: ({ metadata }) => {
    const deployment = store.get(deploymentKind, metadata.namespace, names(metadata.name).proxy);
    const isOurs = deployment?.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid) ?? false;
    return isOurs ? (deployment?.["spec"] as { readonly replicas?: number } | undefined)?.replicas : undefined;
  },
  loads: (revenprox) => {
    const pods = podsBelow(store, revenprox.metadata.uid).filter((pod) => !hasEnded(pod));
    return readLoads(revenprox, pods, FRESH_MS);
  },
  setScale: async ({ metadata }, replicas) => {
    const { name, namespace, resourceVersion } = metadata;
    await client.request({
      method: "PATCH",
      path: `${pathOf(revenproxKind, namespace, name)}/scale`,
      query: { fieldManager: manager },
      contentType: "application/merge-patch+json",
      // With the version nobody's newer wish is written over.
      body: { metadata: { resourceVersion }, spec: { replicas } },
    });
  },
});
