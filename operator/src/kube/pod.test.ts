import { expect, test } from "vitest";
import { deploymentKind, podKind, replicaSetKind, statefulSetKind } from "./kinds.ts";
import { mountedConfigMaps, podsBelow, slimPod } from "./pod.ts";
import { ObjectStore } from "./store.ts";
import { controlledBy, liveObject } from "./testing/fakes.ts";

test("pods are found by the uids of their controllers, never by labels", () => {
  const store = new ObjectStore(() => undefined);
  store.put(deploymentKind, liveObject(deploymentKind, "d", controlledBy("owner")));
  store.put(replicaSetKind, liveObject(replicaSetKind, "d-1", controlledBy("uid-d", "Deployment", "d")));
  store.put(podKind, liveObject(podKind, "d-1-a", controlledBy("uid-d-1", "ReplicaSet", "d-1")));
  store.put(statefulSetKind, liveObject(statefulSetKind, "s", controlledBy("owner")));
  store.put(podKind, liveObject(podKind, "s-0", controlledBy("uid-s", "StatefulSet", "s")));
  store.put(
    podKind,
    liveObject(podKind, "forged", { labels: { app: "revenprox", "app.kubernetes.io/instance": "r" } }),
  );
  store.put(podKind, liveObject(podKind, "direct", controlledBy("owner")));
  expect(podsBelow(store, "owner").map(({ metadata }) => metadata.name)).toEqual(["s-0", "d-1-a"]);
});

test("a pod keeps its volumes of configuration, status and labels, and little else", () => {
  const pod = {
    ...liveObject(podKind, "p", { labels: { app: "revenprox" }, annotations: { long: "text" } }),
    spec: {
      nodeName: "node1",
      containers: [{ name: "proxy", env: [] }],
      volumes: [
        { configMap: { name: "a" } },
        { emptyDir: {} },
        { projected: { sources: [{ configMap: { name: "b" } }, {}] } },
      ],
    },
    status: { podIP: "10.0.0.1" },
  };
  const slim = slimPod(pod);
  expect(mountedConfigMaps(slim)).toEqual(["a", "b"]);
  expect(slim).toMatchObject({ metadata: { labels: { app: "revenprox" } }, status: { podIP: "10.0.0.1" } });
  expect(JSON.stringify(slim)).not.toMatch(/containers|long|emptyDir/);
});
