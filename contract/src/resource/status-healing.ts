import { z } from "zod";

/** `status.healing`: what self-healing did of late. */
export const healingStatus = z.object({
  remaining: z.int().describe("Replacements that the budget still allows now."),
  replacements: z
    .array(
      z.object({
        pod: z.string().max(253),
        uid: z.string().max(64).describe("Of the pod: it counts once, however often its eviction is tried."),
        cause: z.enum(["NatsLost", "BreakerOpen"]).describe("What it had lost and its peers had not."),
        time: z.string().meta({ format: "date-time" }).describe("When it was decided on."),
      }),
    )
    .max(20)
    .meta({ "x-kubernetes-list-type": "atomic" })
    .describe("Proxies replaced in the past hour, the oldest first: the budget that is used up."),
});

export type HealingStatus = z.output<typeof healingStatus>;
export type Replacement = HealingStatus["replacements"][number];
