import { afterAll, beforeAll, expect, test } from "vitest";
import type { KubeClient } from "../src/kube/client.ts";
import type { KubernetesObject } from "../src/reconcile/ports.ts";
import { eventually, isChildWrite, revenprox, statusOf } from "./support/cluster.ts";
import { startControllers } from "./support/controllers.ts";
import { startOperator, withOperator } from "./support/operator.ts";
import { PlayedVolumes } from "./support/played-volumes.ts";
import { clusterOfFile } from "./support/stage.ts";

/** A look at volumes that grow each second. */
const speed = 5;
const gib = 1_073_741_824;

let endControllers: () => Promise<void>;

const storageClass = (name: string, allowVolumeExpansion: boolean) => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name },
  provisioner: "played.example/volumes",
  allowVolumeExpansion,
});

const cluster = clusterOfFile();

beforeAll(async () => {
  endControllers = await startControllers(cluster.controlPlane, [
    "statefulset-controller",
    "garbage-collector-controller",
  ]);
  await cluster.kubectlApply(storageClass("growing", true));
  await cluster.kubectlApply(storageClass("rigid", false));
});

afterAll(() => endControllers?.());

const ask = (name: string, size: string, { replicas = 1, className = "growing" } = {}) =>
  cluster.kubectlApply(revenprox(name, { replicas: 1, nats: { managed: { replicas, storage: { size, className } } } }));

interface StatefulSet extends KubernetesObject {
  readonly spec: {
    readonly volumeClaimTemplates: readonly [{ spec: { resources: { requests: { storage: string } } } }];
  };
  readonly status?: { readonly readyReplicas?: number };
}

const statefulSetOf = async (name: string) =>
  (await cluster.get(`/apis/apps/v1/namespaces/default/statefulsets/${name}-nats`)) as StatefulSet | undefined;
const templateSize = async (name: string) =>
  (await statefulSetOf(name))?.spec.volumeClaimTemplates[0].spec.resources.requests.storage;

const configMaps = async (name: string): Promise<string> =>
  cluster.kubectl("get", "configmap", "-l", `app.kubernetes.io/instance=${name}`, "-o", "yaml");
/** The configuration that the proxies' pods are made with. */
const mountedConfig = async (name: string): Promise<string> => {
  const path =
    "jsonpath={.spec.template.spec.volumes[*].configMap.name} {.spec.template.spec.volumes[*].projected.sources[*].configMap.name}";
  const names = (await cluster.kubectl("get", "deployment", name, "-o", path)).split(" ").filter((each) => each !== "");
  return cluster.kubectl("get", "configmap", ...new Set(names), "-o", "yaml");
};
const storeBound = (size: number) => `max_file_store: ${Math.floor(size * 0.9)}`;
const journalBound = (size: number) => `max_bytes = ${Math.floor(size * 0.4)}`;

const runs = (name: string, count: number) =>
  eventually(
    `${count} servers of ${name} run`,
    async () => (await statefulSetOf(name))?.status?.readyReplicas === count,
    90,
  );

const uids = (objects: readonly KubernetesObject[]) => objects.map(({ metadata }) => metadata.uid).toSorted();

const growth = async (name: string) =>
  (await statusOf(cluster, name)).conditions?.find(({ type }) => type === "StorageGrowthBlocked");

const eventsOf = async (name: string): Promise<readonly string[]> => {
  const list = (await cluster.get("/api/v1/namespaces/default/events")) as unknown as {
    readonly items: readonly { readonly reason: string; readonly involvedObject: { readonly name: string } }[];
  };
  return list.items.filter(({ involvedObject }) => involvedObject.name === name).map(({ reason }) => reason);
};

const writesFor = async (name: string) =>
  (await cluster.operatorRequests()).filter(
    (call) => isChildWrite(call) && call.objectRef?.name?.startsWith(name) === true,
  ).length;

test("volumes grow, servers are restarted one by one, and only then may the journal take more", async () => {
  const operator = await startOperator(cluster, { speed });
  await ask("wide", "2Gi", { replicas: 3 });
  const played = new PlayedVolumes(cluster, "wide");
  try {
    await runs("wide", 3);
    const [statefulSet, claims, pods] = [
      await statefulSetOf("wide"),
      uids(await played.claims()),
      uids(await played.pods()),
    ];
    played.resize(false);
    played.fewestReady();
    await ask("wide", "5Gi", { replicas: 3 });
    await eventually(
      "all claims ask for more",
      async () => (await played.claims()).every(({ spec }) => spec.resources.requests.storage === "5Gi"),
      60,
    );
    await eventually(
      "the status says what is waited for",
      async () => (await growth("wide"))?.message.includes("the file system of journal-wide-nats-0 is being enlarged"),
      60,
    );
    const meanwhile = await configMaps("wide");
    expect(meanwhile).toContain(storeBound(2 * gib));
    expect(meanwhile).toContain(journalBound(2 * gib));
    expect([(await statefulSetOf("wide"))?.metadata.uid, uids(await played.pods())]).toEqual([
      statefulSet?.metadata.uid,
      pods,
    ]);

    played.resize(true);
    await eventually("the StatefulSet has it", async () => (await templateSize("wide")) === "5Gi", 120);
    const restarted = uids(await played.pods());
    expect(restarted.filter((uid) => pods.includes(uid))).toEqual([]);
    await eventually(
      "the journal may take more",
      async () => (await mountedConfig("wide")).includes(journalBound(5 * gib)),
      60,
    );
    expect(await configMaps("wide")).toContain(storeBound(5 * gib));
    await runs("wide", 3);
    expect([uids(await played.claims()), uids(await played.pods())]).toEqual([claims, restarted]);
    expect((await statefulSetOf("wide"))?.metadata.uid).not.toBe(statefulSet?.metadata.uid);
    expect(played.fewestReady()).toBeGreaterThanOrEqual(2);
    await eventually("events tell it", async () => {
      const told = await eventsOf("wide");
      return ["JournalGrowing", "NatsRestarting", "JournalGrown"].every((reason) => told.includes(reason));
    });
    await eventually("it is over", async () => (await growth("wide"))?.reason === "AsSpecified", 60);

    let before = -1;
    await eventually(
      "nothing is written any more",
      async () => {
        const [earlier, now] = [before, await writesFor("wide")];
        before = now;
        if (now !== earlier) await new Promise((resolve) => setTimeout(resolve, 5_000));
        return now === earlier;
      },
      90,
    );
    expect(uids(await played.pods())).toEqual(restarted);
  } finally {
    await played.stop();
    await operator.stop();
    await cluster.kubectl("delete", "revenprox", "wide");
  }
});

/** A client of a process that dies right after it has had the StatefulSet deleted. */
const dyingAfterDelete = (died: () => void) => {
  let dead = false;
  return (client: KubeClient): KubeClient => ({
    ...client,
    request: async (call) => {
      if (dead && call.method !== "GET") throw new Error("this process is dead");
      const answer = await client.request(call);
      if (call.method === "DELETE" && call.path.includes("/statefulsets/")) {
        dead = true;
        died();
      }
      return answer;
    },
  });
};

test("an operator killed between the deletion and the apply: the next one makes the StatefulSet around the same pods and volumes", async () => {
  let died = false;
  const through = dyingAfterDelete(() => (died = true));
  const first = await startOperator(cluster, { speed, through });
  await ask("cut", "2Gi");
  const played = new PlayedVolumes(cluster, "cut");
  try {
    await runs("cut", 1);
    const claims = uids(await played.claims());
    await ask("cut", "5Gi");
    await eventually("it is killed", async () => died, 90);
    await first.stop();
    await eventually("the StatefulSet is gone", async () => (await statefulSetOf("cut")) === undefined, 60);
    const pods = uids(await played.pods());
    expect(pods).toHaveLength(1);
    await withOperator(cluster, { speed }, async () => {
      await eventually("it is there again", async () => (await templateSize("cut")) === "5Gi", 60);
      await runs("cut", 1);
      await eventually(
        "the journal may take more",
        async () => (await mountedConfig("cut")).includes(journalBound(5 * gib)),
        60,
      );
      await eventually("it is over", async () => (await growth("cut"))?.reason === "AsSpecified", 60);
      expect([uids(await played.claims()), uids(await played.pods())]).toEqual([claims, pods]);
    });
  } finally {
    await played.stop();
    await cluster.kubectl("delete", "revenprox", "cut");
  }
});

test("where the StorageClass allows none: a condition, all else goes on, and it grows as soon as it may", async () => {
  const operator = await startOperator(cluster, { speed });
  await ask("stiff", "2Gi", { className: "rigid" });
  const played = new PlayedVolumes(cluster, "stiff");
  try {
    await runs("stiff", 1);
    await ask("stiff", "5Gi", { className: "rigid" });
    await eventually("a condition says so", async () => (await growth("stiff"))?.reason === "NotExpandable", 60);
    expect((await growth("stiff"))?.message).toContain("StorageClass rigid has no allowVolumeExpansion");
    await eventually("an event says so", async () => (await eventsOf("stiff")).includes("NotExpandable"), 60);
    const spec = { replicas: 2, nats: { managed: { storage: { size: "5Gi", className: "rigid" } } } };
    await cluster.kubectlApply(revenprox("stiff", spec));
    await eventually(
      "more proxies are asked for",
      async () => (await cluster.kubectl("get", "deployment", "stiff", "-o", "jsonpath={.spec.replicas}")) === "2",
      60,
    );
    const asked = (await cluster.operatorRequests()).filter(
      ({ objectRef: { resource, subresource, name = "" } = {}, verb }) =>
        verb === "patch" &&
        resource === "persistentvolumeclaims" &&
        subresource === undefined &&
        name.includes("stiff"),
    );
    expect(asked).toEqual([]);
    await cluster.kubectl("patch", "storageclass", "rigid", "-p", '{"allowVolumeExpansion":true}');
    await eventually("the StatefulSet has it", async () => (await templateSize("stiff")) === "5Gi", 120);
  } finally {
    await played.stop();
    await operator.stop();
    await cluster.kubectl("delete", "revenprox", "stiff");
  }
});

test("smaller is refused, with what to do", async () => {
  await ask("small", "2Gi");
  await expect(ask("small", "1Gi")).rejects.toThrow("can grow, not shrink");
  await ask("small", "2048Mi");
});
