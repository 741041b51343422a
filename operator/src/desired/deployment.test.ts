import { expect, test } from "vitest";
import { inputOf } from "../testing/resource.ts";
import { desired } from "./index.ts";

interface Case {
  readonly spec?: unknown;
  readonly minReadySeconds?: number;
  readonly updatedReplicas?: number;
  /** Whether the operator holds the roll-out. */
  readonly paused?: boolean;
}

const minReadySecondsOf = ({ spec = {}, minReadySeconds, updatedReplicas = 3, paused = false }: Case): unknown => {
  const input = inputOf(spec, { rollout: { replicas: 3, paused, outcomes: [] } });
  const live = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "apps" },
    spec: minReadySeconds === undefined ? {} : { minReadySeconds },
    status: { replicas: 3, updatedReplicas },
  };
  const made = desired({ ...input, current: [live] }).find(({ kind }) => kind === "Deployment");
  return ((made?.["spec"] ?? {}) as { readonly minReadySeconds?: number }).minReadySeconds;
};

test.each<[string, Case, number | undefined]>([
  ["as soon as it is ready, before the first roll-out", {}, undefined],
  ["after a moment, in the first roll-out", { updatedReplicas: 1 }, 5],
  ["after a moment, ever after", { minReadySeconds: 5 }, 5],
  [
    "not while the roll-out is held",
    { spec: { rollout: { drainWindowSeconds: 90 } }, updatedReplicas: 1, paused: true },
    90,
  ],
  [
    "not while it is held, as far as the API server allows",
    {
      spec: { config: { http: { shutdownGracePeriodSec: 300 } }, progressDeadlineSeconds: 200 },
      updatedReplicas: 1,
      paused: true,
    },
    199,
  ],
])("a new pod is available %s", (_, given, seconds) => {
  expect(minReadySecondsOf(given)).toBe(seconds);
});
