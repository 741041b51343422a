import { beforeAll, expect, test } from "vitest";
import { coreChildKinds, pathOf, secretKind } from "../src/kube/kinds.ts";
import type { KubernetesObject } from "../src/reconcile/ports.ts";
import { condition, revenprox, revenproxPath } from "./support/cluster.ts";
import { startOperator } from "./support/operator.ts";
import { clusterOfFile } from "./support/stage.ts";

const cluster = clusterOfFile();

beforeAll(async () => {
  const operator = await startOperator(cluster);
  await cluster.kubectlApply(revenprox("one"));
  await condition(cluster, "one", ["Ready", "False"]);
  await operator.stop();
});

const finalizersOf = ({ metadata }: KubernetesObject): readonly string[] =>
  (metadata as { readonly finalizers?: readonly string[] }).finalizers ?? [];

test("without its operator a RevenProx is deleted at once: neither it nor a child holds a finalizer", async () => {
  const lists = [...coreChildKinds, secretKind].map(async (kind) => {
    const list = (await cluster.get(pathOf(kind, "default"))) as unknown as {
      readonly items: readonly KubernetesObject[];
    };
    return list.items.filter(({ metadata }) => metadata.ownerReferences !== undefined);
  });
  const children = (await Promise.all(lists)).flat();
  expect(children.length).toBeGreaterThan(8);
  const resource = await cluster.get(revenproxPath("one"));
  for (const object of [...children, ...(resource === undefined ? [] : [resource])])
    expect(finalizersOf(object), object.metadata.name).toEqual([]);
  // What the garbage collector goes by.
  for (const { metadata } of children)
    expect(metadata.ownerReferences?.[0]).toMatchObject({ uid: resource?.metadata.uid });
  await cluster.kubectl("delete", "revenprox", "one", "--wait=false");
  expect(await cluster.get(revenproxPath("one"))).toBeUndefined();
});
