import type { StatusObject } from "@revenprox/contract/testing/kstatus";
import { deploymentKind, pathOf, revenproxKind, statefulSetKind } from "../../src/kube/kinds.ts";
import { type TestCluster, untilTaken } from "./cluster.ts";

/** Every state of the RevenProxes of a namespace and of their workloads. */
export interface StatusRecorder {
  readonly seen: readonly StatusObject[];
  stop(): Promise<void>;
}

interface WatchLine {
  readonly type: string;
  readonly object: StatusObject;
}

/** Lists leave the kind out of their items; watches do not, so this begins with a watch that tells what is there. */
export const recordStatuses = async (cluster: TestCluster): Promise<StatusRecorder> => {
  const seen: StatusObject[] = [];
  const abort = new AbortController();
  const follow = async (path: string): Promise<void> => {
    const watch = { path, query: { watch: "true" }, signal: abort.signal, idleMs: 600_000 };
    try {
      for await (const line of cluster.client.lines(watch)) {
        const { type, object } = JSON.parse(line) as WatchLine;
        if (type === "ADDED" || type === "MODIFIED") seen.push(object);
      }
    } catch (error) {
      if (!abort.signal.aborted) throw error;
    }
  };
  // The storage of a CRD that was just made answers 429 for a moment.
  await untilTaken("RevenProxes can be listed", () => cluster.kubectl("get", "revenproxes", "--namespace", "default"));
  const watches = [revenproxKind, deploymentKind, statefulSetKind].map((kind) => follow(pathOf(kind, "default")));
  return {
    seen,
    stop: async () => {
      abort.abort();
      await Promise.all(watches);
    },
  };
};
