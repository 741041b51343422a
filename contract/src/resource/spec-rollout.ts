import { z } from "zod";

const rebalance = z.strictObject({
  enabled: z
    .boolean()
    .optional()
    .describe("Whether full pods give streams to emptier ones, as after a scale-up. Default: true."),
  differencePercent: z
    .int()
    .min(5)
    .max(1_000)
    .optional()
    .describe("Part of the mean by which a pod must be above it, and by at least 20 streams. Default: 25."),
  afterSeconds: z
    .int()
    .min(10)
    .max(86_400)
    .optional()
    .describe("Seconds for which it must have been so, with the same pods. Default: 60."),
});

/** `spec.rollout`: how streams move when pods are replaced, removed or added. */
export const rollout = z.strictObject({
  drainWindowSeconds: z
    .int()
    .min(10)
    .max(3_600)
    .optional()
    .describe(
      "Seconds a pod that is to go has to end its streams; it goes as soon as it has none. What streamsPerSecond cannot end in this time less 5 s is ended faster. A change rolls the pods. Default: config.http.shutdownGracePeriodSec, which is 30.",
    ),
  streamsPerSecond: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe(
      "Most streams moved each second, over all pods: what the others can take. Default: config.http.drainRatePerSec of each pod that goes, which is 500.",
    ),
  maxSurge: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe(
      "Pods replaced at once, each after its successor is ready; they share streamsPerSecond, so more of them is faster only where pods have few streams. Default: 1.",
    ),
  rebalance: rebalance.optional().describe("Spreading streams over new pods."),
});

export type RolloutSpec = z.output<typeof rollout>;
