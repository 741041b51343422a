import type { ControlPlane } from "@revenprox/cluster";
import { startControllers } from "./controllers.ts";

/** The HorizontalPodAutoscaler controller of Kubernetes itself, which looks each second; resolves with what ends it. */
export const startHpaController = (controlPlane: ControlPlane): Promise<() => Promise<void>> =>
  startControllers(
    controlPlane,
    ["horizontal-pod-autoscaler-controller"],
    ["--horizontal-pod-autoscaler-sync-period=1s"],
  );
