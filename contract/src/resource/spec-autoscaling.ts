import { z } from "zod";
import { labelSelector, objectName, quantity, withRules } from "./structural.ts";

/** How fast replicas may go one way. */
const direction = (fallback: { readonly window: string; readonly step: string }) =>
  z.strictObject({
    stabilizationWindowSeconds: z
      .int()
      .min(0)
      .max(3_600)
      .optional()
      .describe(`Seconds through which the load must ask for a change. Default: ${fallback.window}.`),
    maxPods: z
      .int()
      .min(1)
      .max(1_000)
      .optional()
      .describe(`Pods by which replicas change at most within periodSeconds. Default: ${fallback.step}.`),
    periodSeconds: z
      .int()
      .min(1)
      .max(1_800)
      .optional()
      .describe("Seconds that maxPods speaks of. Default: 15 up; down the time in which a pod drains, at least 60."),
  });

const connections = z.strictObject({
  targetPerPod: z
    .int()
    .min(1)
    .max(10_000_000)
    .optional()
    .describe("Open streams that a pod is to hold. Default: 60% of what the proxies accept."),
  tolerancePercent: z
    .int()
    .min(1)
    .max(50)
    .optional()
    .describe("How far the streams of a pod may be from the target before replicas change. Default: 10."),
});

const metric = z.strictObject({
  type: z.enum(["Pods", "External"]).describe("Pods: a custom metric of the proxies; External: one of anything else."),
  name: z.string().min(1).max(253).describe("Name of the metric in the metrics API."),
  selector: labelSelector.optional().describe("Labels of the series."),
  averageValue: quantity.describe("Value for each pod that is aimed at."),
});

const hpa = withRules(
  z.strictObject({
    cpuUtilization: z
      .int()
      .min(1)
      .max(1_000)
      .optional()
      .describe("Percent of the requested CPU that is aimed at. Default: 70, where no metric is given."),
    metric: metric.optional().describe("A metric of an adapter, instead of CPU."),
  }),
  [
    {
      rule: "!(has(self.cpuUtilization) && has(self.metric))",
      message: "give autoscaling.hpa.cpuUtilization or metric, not both",
    },
  ],
);

const trigger = z.strictObject({
  type: z.string().min(1).max(63).describe("Scaler of KEDA, such as prometheus or cron."),
  name: z.string().max(63).optional().describe("Tells triggers apart in KEDA's metrics."),
  metadata: z
    .record(z.string().max(63), z.string().max(2_048))
    .meta({ maxProperties: 32 })
    .describe("Parameters of the scaler."),
  metricType: z.enum(["AverageValue", "Value", "Utilization"]).optional().describe("Default: AverageValue."),
  authentication: objectName
    .optional()
    .describe("TriggerAuthentication in this namespace; none of the whole cluster can be named."),
});

const keda = z.strictObject({
  triggers: z.array(trigger).min(1).max(8).describe("What KEDA scales by; the highest wish counts."),
  pollingIntervalSeconds: z
    .int()
    .min(1)
    .max(3_600)
    .optional()
    .describe("Seconds between two looks at the triggers. Default: KEDA's, 30."),
});

/** `spec.autoscaling`: one of three ways in which the number of proxies follows the load. */
export const autoscaling = withRules(
  z.strictObject({
    mode: z
      .enum(["Connections", "HPA", "KEDA"])
      .optional()
      .describe(
        "Connections: the operator itself, by the streams that the proxies hold; needs nothing else. HPA: a HorizontalPodAutoscaler. KEDA: a ScaledObject. The last two write spec.replicas through /scale. Default: Connections.",
      ),
    minReplicas: z
      .int()
      .min(1)
      .max(1_000)
      .optional()
      .describe("Proxies that run at least. Default: 2, or maxReplicas where that is less."),
    maxReplicas: z.int().min(1).max(1_000).describe("Proxies that run at most."),
    scaleUp: direction({ window: "0", step: "as many as there are, at least 4" })
      .optional()
      .describe("How fast replicas grow."),
    scaleDown: direction({ window: "300", step: "1" })
      .optional()
      .describe("How fast replicas become fewer. Each pod that goes moves its streams to others."),
    connections: connections.optional().describe("For the mode Connections."),
    hpa: hpa.optional().describe("For the mode HPA."),
    keda: keda.optional().describe("For the mode KEDA."),
  }),
  [
    {
      rule: "!has(self.minReplicas) || self.minReplicas <= self.maxReplicas",
      message: "autoscaling.minReplicas must be at most maxReplicas",
    },
    {
      rule: "!has(self.connections) || !has(self.mode) || self.mode == 'Connections'",
      message: "autoscaling.connections is for the mode Connections: never two autoscalers at once",
    },
    {
      rule: "!has(self.hpa) || (has(self.mode) && self.mode == 'HPA')",
      message: "autoscaling.hpa is for the mode HPA: never two autoscalers at once",
    },
    {
      rule: "has(self.keda) == (has(self.mode) && self.mode == 'KEDA')",
      message: "autoscaling.keda and the mode KEDA belong together: never two autoscalers at once",
    },
  ],
);
