import type { StepPlan } from "./run-step.ts";

/** With at least this many streams the run is the long one, whose result is kept. */
const longRun = 10_000;

export const isLong = ({ streams }: StepPlan): boolean => streams >= longRun;

/** A step to `streams`, which four proxies hold. */
export const stepPlan = (streams: number): StepPlan => ({
  streams,
  targetPerPod: streams / 4,
  minReplicas: 1,
  maxReplicas: 6,
  scaleDown:
    streams >= longRun
      ? { stabilizationWindowSeconds: 60, maxPods: 1, periodSeconds: 15 }
      : { stabilizationWindowSeconds: 15, maxPods: 2, periodSeconds: 5 },
  holdSeconds: streams >= longRun ? 60 : 5,
});
