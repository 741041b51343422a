import { z } from "zod";
import { addressRange } from "../config/key.ts";
import { labelSelector, withRules } from "./structural.ts";

const range = z
  .string()
  .max(64)
  .refine((text) => text.includes("/") && addressRange.safeParse(text).success, "must be a range such as 10.0.0.0/8")
  .meta({ "x-kubernetes-validations": [{ rule: "isCIDR(self)", message: "must be a range such as 10.0.0.0/8" }] });

const peer = withRules(
  z.strictObject({
    namespaceSelector: labelSelector.optional().describe("Namespaces by their labels; {} is all of them."),
    podSelector: labelSelector
      .optional()
      .describe("Pods by their labels, in those namespaces; without namespaceSelector in the RevenProx's own."),
    ipBlock: z
      .strictObject({
        cidr: range.describe("Range of addresses."),
        except: z.array(range).max(16).optional().describe("Ranges inside it that are left out."),
      })
      .optional()
      .describe("Addresses outside the cluster."),
  }),
  [
    {
      rule: "has(self.ipBlock) ? !has(self.namespaceSelector) && !has(self.podSelector) : has(self.namespaceSelector) || has(self.podSelector)",
      message: "give ipBlock alone, or namespaceSelector, podSelector or both",
    },
  ],
);

const peers = z.array(peer).max(32);

const egressPort = z.strictObject({
  port: z.int().min(1).max(65_535).describe("Port of the pod or machine, behind any Service."),
  protocol: z.enum(["TCP", "UDP"]).optional().describe("Default: TCP."),
});

const egressRule = z.strictObject({
  to: peers.min(1).describe("Who may be reached."),
  ports: z.array(egressPort).min(1).max(16).optional().describe("At which ports. Unset: at all."),
});

/** `spec.networkPolicy`: who may talk to the pods, and to whom they may. */
export const networkPolicy = z.strictObject({
  enabled: z
    .boolean()
    .optional()
    .describe("Whether there are NetworkPolicies for the proxies and for managed NATS. Default: true."),
  clientsFrom: peers
    .optional()
    .describe(
      "Who may reach the port http of the proxies. Unset: everybody. Load balancers and Ingress controllers count.",
    ),
  monitoringFrom: peers
    .optional()
    .describe(
      "Who may read metrics: these reach the port management, and the port http where clientsFrom is set. Default: pods with the label app.kubernetes.io/name: prometheus in any namespace.",
    ),
  publishersFrom: peers
    .optional()
    .describe(
      "Who, besides the proxies, may reach managed NATS to publish to it directly. Default: the pods of this namespace, which can mount the password; [] for nobody.",
    ),
  restrictEgress: z
    .boolean()
    .optional()
    .describe(
      "Whether the pods may reach only DNS, NATS and what the spec names: the verifier, the receiver of traces. Default: true.",
    ),
  extraEgress: z
    .array(egressRule)
    .max(16)
    .optional()
    .describe("What the proxies may reach besides, for example a verifier behind a ClusterIP that is given by number."),
});

export type NetworkPolicySpec = z.output<typeof networkPolicy>;
