import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import type { Workload } from "../reconcile/ports.ts";

/** Share by which a figure must differ from the one shown, lest each stream that opens writes a status. */
const shownChange = 0.05;

/** Whether a figure is so far from the one shown that it is worth a write. */
export const differs = (shown: number | undefined, now: number): boolean =>
  shown === undefined || (shown === 0) !== (now === 0) || Math.abs(now - shown) > shown * shownChange;

type Figures = Pick<RevenProxStatus, "connections" | "topics">;

/** Streams and topics to show. Both are renewed together; what is not known this time stays. */
export const workloadFigures = (old: Figures, workload: Workload | undefined, proxies: number): Figures => {
  const known = proxies === 0 ? { connections: 0, topics: 0 } : workload;
  if (known !== undefined && (differs(old.connections, known.connections) || differs(old.topics, known.topics))) {
    return { connections: known.connections, topics: known.topics };
  }
  return {
    ...(old.connections === undefined ? {} : { connections: old.connections }),
    ...(old.topics === undefined ? {} : { topics: old.topics }),
  };
};
