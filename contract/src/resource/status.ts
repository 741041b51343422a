import { z } from "zod";
import { conditionTypes } from "../condition-types.ts";
import { healingStatus } from "./status-healing.ts";
import { planStatus } from "./status-plan.ts";

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

const autoscaling = z.object({
  mode: z.enum(["Connections", "HPA", "KEDA"]).describe("Who decides."),
  desired: z.int().describe("Proxies that are to run."),
  load: z.int().optional().describe("Open streams when connections was renewed last; mode Connections."),
  targetPerPod: z.int().optional().describe("Open streams that a pod is to hold; mode Connections."),
  lastScaleTime: z.string().meta({ format: "date-time" }).optional().describe("When desired changed last."),
  reason: z.string().max(128).optional().describe("Why it changed then, in a word."),
});

const rollout = z.object({
  reason: z
    .enum(["PodTemplateChanged", "ScaleDown", "Rebalance"])
    .describe("Why streams move or moved: pods are replaced, removed, or give streams to emptier ones."),
  from: z.string().max(63).describe("Revision of the pods before, or how many there were."),
  to: z.string().max(63).describe("Revision of the pods after, or how many there are to be."),
  streamsMoved: z.int().describe("Streams that pods ended cleanly so that their clients go on elsewhere."),
  streamsLost: z
    .int()
    .describe(
      "Streams that were open on a pod which ended without ending them cleanly, as it last said: killed, out of memory, or its node gone.",
    ),
  startedAt: z.string().meta({ format: "date-time" }),
  finishedAt: z.string().meta({ format: "date-time" }).optional().describe("Absent while it goes on."),
  seconds: z.int().optional().describe("From the start to the finish."),
  waitingFor: z.string().max(512).optional().describe("What holds it up, where that is not the end of streams."),
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
  autoscaling: autoscaling.optional().describe("What spec.autoscaling decides; absent without it."),
  rollout: rollout.optional().describe("The last time that streams moved, or the one under way."),
  healing: healingStatus.optional().describe("Replacements of the past hour; absent when there was none."),
  plan: planStatus.optional().describe("What would change; only while the annotation revenprox.io/plan is there."),
  natsStatus: z.string().optional().describe("State of NATS in a word, for the printer column."),
  children: z
    .array(child)
    .meta({ "x-kubernetes-list-type": "atomic" })
    .optional()
    .describe("Every object the operator made for this resource, with its health."),
});

export type RevenProxStatus = z.output<typeof revenproxStatus>;
export type AutoscalingStatus = z.output<typeof autoscaling>;
export type RolloutStatus = z.output<typeof rollout>;
export type ChildStatus = z.output<typeof child>;
