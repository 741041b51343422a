import { z } from "zod";
import { objectName, stringMap, withRules } from "./structural.ts";

const labelKey = z.string().min(1).max(317);
const labelValue = z.string().max(63);

const nodeRule = withRules(
  z.strictObject({
    key: labelKey.describe("Label of the node."),
    operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]).describe("What must hold of it."),
    values: z.array(labelValue).min(1).max(32).optional().describe("For In and NotIn."),
    weight: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .describe("Makes it a wish of this weight. Unset: a pod runs on no other node."),
  }),
  [
    {
      rule: "(self.operator in ['In', 'NotIn']) == has(self.values)",
      message: "nodeAffinity: In and NotIn need values, Exists and DoesNotExist take none",
    },
  ],
);

const toleration = z.strictObject({
  key: labelKey.optional().describe("Taint; unset with Exists: all."),
  operator: z.enum(["Exists", "Equal"]).optional().describe("Default: Equal."),
  value: labelValue.optional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional().describe("Unset: all effects."),
  tolerationSeconds: z.int().min(0).max(86_400).optional().describe("With NoExecute: how long a pod stays."),
});

const spreadRule = z.strictObject({
  topologyKey: labelKey.describe("Label of the nodes by whose values the pods are spread."),
  maxSkew: z.int().min(1).max(100).optional().describe("Default: 1."),
  whenUnsatisfiable: z.enum(["ScheduleAnyway", "DoNotSchedule"]).optional().describe("Default: ScheduleAnyway."),
});

const unweakened = {
  rule: "self.all(key, !key.contains('apparmor.security') && !key.contains('seccomp.security') && !key.startsWith('revenprox.io/'))",
  message: "pod.annotations may neither loosen a pod's confinement nor begin with revenprox.io/",
};

const fields = {
  labels: z
    .record(labelKey, labelValue)
    .meta({ maxProperties: 32 })
    .optional()
    .describe("Labels of the pods; the operator's own go before them."),
  annotations: withRules(stringMap, [unweakened])
    .optional()
    .describe("Annotations of the pods; the operator's own go before them."),
  nodeSelector: z
    .record(labelKey, labelValue)
    .meta({ maxProperties: 16 })
    .optional()
    .describe("Labels that a node must have."),
  nodeAffinity: z.array(nodeRule).max(16).optional().describe("Rules and wishes about nodes; all rules must hold."),
  tolerations: z.array(toleration).max(16).optional().describe("Taints of nodes that the pods bear."),
  topologySpread: z
    .array(spreadRule)
    .max(4)
    .optional()
    .describe("How pods are spread. Default: over zones and nodes, as far as possible."),
  priorityClassName: objectName.optional().describe("PriorityClass of the pods."),
} as const;

const variable = withRules(
  z.strictObject({
    name: z
      .string()
      .max(128)
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be a name of letters, digits and _"),
    value: z.string().max(4_096).optional(),
    secret: z
      .strictObject({ name: objectName, key: z.string().min(1).max(253) })
      .optional()
      .describe("Entry of a Secret in this namespace, instead of value."),
  }),
  [
    { rule: "has(self.value) != has(self.secret)", message: "pod.env: give value or secret" },
    {
      rule: "!self.name.startsWith('REVENPROX_')",
      message: "pod.env: REVENPROX_ variables would go before spec.config; set the key there",
    },
  ],
);

/** `spec.nats.managed.pod` */
export const natsPod = z.strictObject(fields);

/** `spec.pod`: what may be added to a proxy pod. Nothing here reaches the node, or loosens the pod's security. */
export const pod = z.strictObject({
  ...fields,
  env: z
    .array(variable)
    .max(32)
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] })
    .optional()
    .describe("Environment of the proxy, for example NODE_EXTRA_CA_CERTS or TZ."),
});

export type PodExtras = z.output<typeof natsPod>;
