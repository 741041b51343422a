import { z } from "zod";

/** Bounds of `status.plan`, so that no diff makes the resource too large to store. */
export const planBounds = { changes: 60, fields: 200, valueLength: 256, pathLength: 256 } as const;

const change = z.object({
  kind: z.string().max(63),
  name: z.string().max(253),
  action: z.enum(["Create", "Change", "Delete", "Refused", "Unknown"]),
  fields: z
    .array(
      z.object({
        path: z.string().max(planBounds.pathLength),
        from: z.string().max(planBounds.valueLength).optional().describe("Absent: there is no such field yet."),
        to: z.string().max(planBounds.valueLength).optional().describe("Absent: the field goes."),
      }),
    )
    .optional()
    .describe("Fields that would change. Of an object that is made or goes none, of a Secret never any."),
  message: z.string().max(1_024).optional().describe("Why it is refused, or could not be tried."),
});

/** `status.plan`: what would be done if the annotation were not there. */
export const planStatus = z.object({
  generation: z.int().describe("Generation of the spec that the plan is for."),
  summary: z.string().max(1_024).describe("All of it in a sentence."),
  restarts: z.object({ proxies: z.int(), natsServers: z.int() }).describe("Pods that would be replaced by new ones."),
  removes: z.object({ proxies: z.int(), natsServers: z.int() }).describe("Pods that would go without a new one."),
  streams: z.int().optional().describe("Open streams that would move, as far as the proxies tell how many they hold."),
  changes: z
    .array(change)
    .max(planBounds.changes)
    .meta({ "x-kubernetes-list-type": "atomic" })
    .describe("Objects that would be written, in the order of writing."),
  omitted: z.int().optional().describe("Fields and objects left out above because there are too many."),
});

export type PlanStatus = z.output<typeof planStatus>;
export type PlannedChange = PlanStatus["changes"][number];
export type PlannedField = NonNullable<PlannedChange["fields"]>[number];
