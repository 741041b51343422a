import { z } from "zod";
import { conditionTypes } from "../condition-types.ts";

const condition = z.object({
  type: z.string().max(63),
  status: z.enum(["True", "False", "Unknown"]),
  reason: z.string().max(128),
  message: z.string().max(4_096),
  lastTransitionTime: z.string().meta({ format: "date-time" }),
  observedGeneration: z.int().optional(),
});

const child = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  health: z.enum(["Current", "InProgress", "Failed"]).describe("Current: as desired and working."),
  message: z.string().optional(),
});

/** `status` of a RevenProx. */
export const revenproxStatus = z.object({
  observedGeneration: z.int().optional().describe("Generation of the spec that this status speaks of."),
  conditions: z
    .array(condition)
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"] })
    .optional()
    .describe(`What is true now: ${conditionTypes.join(", ")}.`),
  replicas: z.int().optional().describe("Proxy pods that exist."),
  readyReplicas: z.int().optional().describe("Proxy pods that are ready."),
  selector: z.string().optional().describe("Label selector of the proxy pods, for the scale subresource."),
  image: z.string().optional().describe("Image that the proxies are to run."),
  natsImage: z.string().optional().describe("Image that the managed NATS servers are to run."),
  defaultImages: z
    .object({ proxy: z.string().optional(), nats: z.string().optional() })
    .optional()
    .describe("Images that came from the operator because the spec names none; kept while upgradePolicy is Manual."),
  connections: z.int().optional().describe("Open streams over all proxies, refreshed at most every 60 seconds."),
  topics: z.int().optional().describe("Topics with listeners, added up over the proxies; refreshed with connections."),
  natsStatus: z.string().optional().describe("State of NATS in a word, for the printer column."),
  children: z
    .array(child)
    .meta({ "x-kubernetes-list-type": "atomic" })
    .optional()
    .describe("Every object the operator made for this resource, with its health."),
});

export type RevenProxStatus = z.output<typeof revenproxStatus>;
export type ChildStatus = z.output<typeof child>;
