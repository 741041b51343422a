import { z } from "zod";

/** `spec.healing`: when a proxy that has lost what its peers still reach is replaced. */
export const healing = z.strictObject({
  enabled: z
    .boolean()
    .optional()
    .describe(
      "Whether a proxy that is cut off from NATS, or from the verifier, is replaced while at least half of the proxies are fine. Default: true.",
    ),
  maxReplacementsPerHour: z
    .int()
    .min(1)
    .max(20)
    .optional()
    .describe(
      "Proxies replaced in any hour at most; after that HealingExhausted says which one needs help. Default: 3.",
    ),
  afterSeconds: z
    .int()
    .min(10)
    .max(3_600)
    .optional()
    .describe("Seconds that a proxy must have been cut off without a break. Default: 120."),
});
