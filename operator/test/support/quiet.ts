import { configMapKind, deploymentKind, pathOf, statefulSetKind } from "../../src/kube/kinds.ts";
import type { KubernetesObject } from "../../src/reconcile/ports.ts";
import { eventually, revenproxPath, type TestCluster } from "./cluster.ts";

const kinds = [
  deploymentKind,
  statefulSetKind,
  configMapKind,
  { apiVersion: "v1", kind: "Service", plural: "services" },
] as const;

/** Milliseconds without a write. */
const stillMs = 1_500;

/** Resource versions of the resource and of what is written for it; undefined before a pass over its present spec has ended. */
const written = async (cluster: TestCluster, name: string): Promise<string | undefined> => {
  const live = await cluster.get(revenproxPath(name));
  const { observedGeneration } = (live?.["status"] ?? {}) as { readonly observedGeneration?: number };
  if (live === undefined || observedGeneration !== live.metadata.generation) return undefined;
  const query = { labelSelector: `app.kubernetes.io/instance=${name}` };
  const lists = await Promise.all(
    kinds.map((kind) => cluster.client.request({ method: "GET", path: pathOf(kind, "default"), query })),
  );
  const children = lists.flatMap((list) => (list as { readonly items: readonly KubernetesObject[] }).items);
  return [live, ...children].map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`).join();
};

/** Waits until the operator has passed over the present spec of one resource, and then for a while has written nothing for it. */
export const untilQuiet = async (cluster: TestCluster, name: string): Promise<void> => {
  let [last, since] = ["", Date.now()];
  await eventually(
    `nothing is written any more for ${name}`,
    async () => {
      const now = await written(cluster, name);
      if (now === undefined || now !== last) [last, since] = [now ?? "", Date.now()];
      return now !== undefined && Date.now() - since > stillMs;
    },
    60,
  );
};
