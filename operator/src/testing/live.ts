import { desired } from "../desired/index.ts";
import type { ClusterFacts, DesiredObject, KubernetesObject, StatusInput } from "../reconcile/ports.ts";
import { inputOf } from "./resource.ts";

type Json = Readonly<Record<string, unknown>>;

/** A time in the tests; `secondsLater(n)` is after it. */
export const testTime = "2026-11-23T12:00:00Z";
export const secondsLater = (seconds: number): Date => new Date(Date.parse(testTime) + seconds * 1_000);

const isWorkload = ({ kind }: DesiredObject): boolean => kind === "Deployment" || kind === "StatefulSet";

const settled = (object: DesiredObject): Json => {
  const { replicas } = object["spec"] as { readonly replicas: number };
  return {
    observedGeneration: 1,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
  };
};

/** Desired objects as they look once their controllers are done with them. */
const live = (object: DesiredObject): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, uid: `uid of ${object.metadata.name}`, generation: 1 },
  ...(isWorkload(object) ? { status: settled(object) } : {}),
});

/** What is passed to `status()` when everything is done. */
export const settledInput = (spec: unknown, facts: Partial<ClusterFacts> = {}): StatusInput => {
  const input = inputOf(spec, facts);
  const objects = desired(input);
  return {
    revenprox: input.revenprox,
    settings: input.settings,
    facts: input.facts,
    desired: objects,
    observed: { objects: objects.map(live), pods: [] },
    apply: [],
    workload: undefined,
    natsServers: [],
    now: new Date(testTime),
  };
};

/** The same, with a part of the status of the workload of `kind` replaced, and with pods. */
export const withWorkload = (
  input: StatusInput,
  kind: "Deployment" | "StatefulSet",
  status: Json,
  pods: readonly KubernetesObject[] = [],
): StatusInput => {
  const objects = input.observed.objects.map((object) =>
    object.kind === kind ? { ...object, status: { ...(object["status"] as Json), ...status } } : object,
  );
  return { ...input, observed: { objects, pods: [...input.observed.pods, ...pods] } };
};

/** A pod that is not ready, in the state of its only container. */
export const unreadyPod = (
  app: "revenprox" | "revenprox-nats",
  container: Json,
  status: Json = {},
): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: app === "revenprox" ? "web-abc-1" : "web-nats-0", labels: { app } },
  status: {
    phase: "Pending",
    conditions: [{ type: "Ready", status: "False" }],
    containerStatuses: [{ name: "main", image: "example/main:1", ready: false, ...container }],
    ...status,
  },
});
