import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { attach, kubernetes } from "@revenprox/cluster";
import type { StatusObject } from "@revenprox/contract/testing/kstatus";

/** Every state of the RevenProxes of a namespace and of their workloads, as `kubectl get --watch` sees them. */
export interface StatusRecorder {
  readonly seen: readonly StatusObject[];
  stop(): Promise<void>;
}

const kinds = ["revenproxes", "deployments", "statefulsets"];

/** Records what happens in a namespace of the built-in cluster from now on. */
export const recordStatuses = async (namespace: string): Promise<StatusRecorder> => {
  const seen: StatusObject[] = [];
  const cluster = await attach();
  const kubectl = join(await kubernetes(), "kubectl");
  const line = 'jsonpath={@}{"\\n"}';
  const watches = kinds.map((kind) => {
    const args = [
      "--kubeconfig",
      cluster.kubeconfig,
      "--namespace",
      namespace,
      "get",
      kind,
      "--watch",
      "--output",
      line,
    ];
    const child = spawn(kubectl, args, { stdio: ["ignore", "pipe", "inherit"] });
    createInterface({ input: child.stdout }).on("line", (text) => {
      if (text.startsWith("{")) seen.push(JSON.parse(text) as StatusObject);
    });
    return { child, ended: once(child, "exit") };
  });
  return {
    seen,
    stop: async () => {
      for (const { child } of watches) child.kill();
      await Promise.all(watches.map(({ ended }) => ended));
      cluster.detach();
    },
  };
};
