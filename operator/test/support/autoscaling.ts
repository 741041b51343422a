import { deploymentKind, pathOf } from "../../src/kube/kinds.ts";
import { eventually, revenproxPath, statusOf, type TestCluster } from "./cluster.ts";
import type { RunningOperator } from "./operator.ts";

/** How often the operator's clock is faster: it looks every 1.5 s instead of every 15 s. */
export const speed = 10;

export const deploymentPath = (name: string): string => pathOf(deploymentKind, "default", name);

/** What autoscalers do to a RevenProx, and what becomes of it. */
export const autoscalingOf = (cluster: TestCluster, operator: RunningOperator) => {
  const replicasAt = async (path: string): Promise<unknown> =>
    ((await cluster.get(path))?.["spec"] as { replicas?: number } | undefined)?.replicas;
  return {
    replicasAt,
    runs: (name: string, replicas: number) =>
      eventually(
        `${replicas} proxies of ${name} run`,
        async () => (await replicasAt(deploymentPath(name))) === replicas,
        60,
      ),
    wants: (name: string, replicas: number) =>
      eventually(
        `spec.replicas of ${name} is ${replicas}`,
        async () => (await replicasAt(revenproxPath(name))) === replicas,
        60,
      ),
    scaleTo: (name: string, replicas: number) =>
      cluster.client.request({
        method: "PATCH",
        path: `${revenproxPath(name)}/scale`,
        query: { fieldManager: "an-autoscaler" },
        contentType: "application/merge-patch+json",
        body: { spec: { replicas } },
      }),
    says: (name: string, reason: string) =>
      eventually(
        `AutoscalingReady of ${name} says ${reason}`,
        async () =>
          (await statusOf(cluster, name)).conditions?.some(
            (each) => each.type === "AutoscalingReady" && each.reason === reason,
          ),
        60,
      ),
    /** Long enough for some passes. */
    passes: async (count: number): Promise<void> => {
      const name = "revenprox_operator_reconcile_total";
      const before = await operator.metric(name);
      await eventually(`${count} passes are made`, async () => (await operator.metric(name)) >= before + count, 120);
    },
  };
};
