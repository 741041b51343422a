import type { AutoscalingStatus, RevenProxStatus } from "@revenprox/contract/resource/status";
import type { StatusInput } from "../reconcile/ports.ts";
import { wholeSeconds } from "./conditions.ts";
import { differs } from "./workload-figures.ts";

type Old = Pick<RevenProxStatus, "autoscaling" | "connections">;

/** Why `desired` changed, where another program decides. */
const foreignReason = { HPA: "SetByHPA", KEDA: "SetByKEDA", Connections: "Unknown" } as const;

const lastChange = ({ lastScaleTime, reason }: Partial<AutoscalingStatus> = {}) => ({
  ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
  ...(reason === undefined ? {} : { reason }),
});

/** A load that was counted while a pod was silent, beside streams of all pods: it would stay as long as they do. */
const isAstray = (told: number | undefined, now: number | undefined, connections: number | undefined): boolean =>
  told !== undefined && now !== undefined && differs(connections, told) && !differs(connections, now);

/**
 * What autoscaling decided. The load is renewed with `connections` or with a change of replicas, lest each stream that
 * opens writes a status.
 */
export const autoscalingFields = (
  { revenprox, scaling, now }: StatusInput,
  connections: number | undefined,
): Pick<RevenProxStatus, "autoscaling"> => {
  if (scaling === undefined) return {};
  const { autoscaling: old, connections: shown }: Old = revenprox.status ?? {};
  const { mode, desired, byStreams } = scaling;
  const scaled = old !== undefined && old.desired !== desired;
  const current = byStreams?.load.streams;
  const renewed = scaled || old?.mode !== mode || shown !== connections || isAstray(old.load, current, connections);
  const load = renewed ? current : old.load;
  const change = scaled
    ? { lastScaleTime: wholeSeconds(now), reason: byStreams?.reason ?? foreignReason[mode] }
    : lastChange(old);
  return {
    autoscaling: {
      mode,
      desired,
      ...(load === undefined ? {} : { load }),
      ...(byStreams === undefined ? {} : { targetPerPod: byStreams.target.perPod }),
      ...change,
    },
  };
};
