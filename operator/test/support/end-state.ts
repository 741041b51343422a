import { coreChildKinds, pathOf, type ResourceKind, secretKind } from "../../src/kube/kinds.ts";
import type { TestCluster } from "./cluster.ts";

/** A child without what differs between two resources of the same spec by their nature. */
const comparable = (name: string, object: Record<string, unknown>): string => {
  const { metadata, status: _status, ...rest } = object as { metadata: Record<string, unknown>; status?: unknown };
  const labels = metadata["labels"];
  return JSON.stringify({ name: metadata["name"], labels, ...rest })
    .replaceAll(name, "NAME")
    .replaceAll(/[0-9a-f]{8,}/g, "HASH")
    .replaceAll(/"(clusterIPs?|clusterIP)":("[^"]*"|\[[^\]]*\])/g, '"IP"');
};

interface Secret {
  readonly metadata: { readonly name: string };
  readonly data: Readonly<Record<string, string>>;
}

/** Objects of one kind that the operator made for a resource. */
export const childrenOf = async <T>(cluster: TestCluster, name: string, kind: ResourceKind): Promise<readonly T[]> => {
  const labelSelector = `app.kubernetes.io/instance=${name},app.kubernetes.io/managed-by=revenprox-operator`;
  const answer = await cluster.client.request({
    method: "GET",
    path: pathOf(kind, "default"),
    query: { labelSelector },
  });
  return (answer as { readonly items: readonly T[] }).items;
};

export const secretsOf = (cluster: TestCluster, name: string) => childrenOf<Secret>(cluster, name, secretKind);

/** All that was made for a resource, so that two resources of one spec can be compared. */
export const endState = async (cluster: TestCluster, name: string): Promise<readonly string[]> => {
  const objects = coreChildKinds.map(async (kind) => {
    const items = await childrenOf<Record<string, unknown>>(cluster, name, kind);
    return items.map((item) => comparable(name, { ...item, kind: kind.kind }));
  });
  const keys = (await secretsOf(cluster, name)).map(
    ({ metadata, data }) => `${metadata.name.replace(name, "NAME")}: ${Object.keys(data).toSorted().join(" ")}`,
  );
  return [...(await Promise.all(objects)).flat(), ...keys].toSorted();
};
