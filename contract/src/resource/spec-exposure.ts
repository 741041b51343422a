import { z } from "zod";
import { objectName, stringMap, withRules } from "./structural.ts";

const port = z.int().min(1).max(65_535);

const sourceRange = z
  .string()
  .max(64)
  .meta({ "x-kubernetes-validations": [{ rule: "isCIDR(self)", message: "must be a range such as 10.0.0.0/8" }] });

/** `spec.service`: the Service that clients connect to. */
export const service = withRules(
  z.strictObject({
    type: z
      .enum(["ClusterIP", "NodePort", "LoadBalancer"])
      .default("ClusterIP")
      .describe("Type of the Service that clients connect to."),
    annotations: stringMap.optional().describe("Annotations of the Service, for example for a load balancer."),
    port: port.optional().describe("Port of the Service. Default: 8080."),
    nodePort: port.optional().describe("Port on every node. Default: one that the cluster chooses."),
    loadBalancerClass: z
      .string()
      .min(1)
      .max(317)
      .optional()
      .describe("Which load balancer controller is to serve it. Kubernetes does not let it be changed later."),
    loadBalancerSourceRanges: z
      .array(sourceRange)
      .max(64)
      .optional()
      .describe("Addresses that the load balancer lets in, where it can tell."),
    externalTrafficPolicy: z
      .enum(["Cluster", "Local"])
      .optional()
      .describe("Local keeps the client's address and takes only nodes that run a proxy. Default: Cluster."),
  }),
  [
    {
      rule: "(has(self.type) && self.type == 'LoadBalancer') || !(has(self.loadBalancerClass) || has(self.loadBalancerSourceRanges))",
      message: "service.loadBalancerClass and loadBalancerSourceRanges need type LoadBalancer",
    },
    {
      rule: "(has(self.type) && self.type != 'ClusterIP') || !(has(self.nodePort) || has(self.externalTrafficPolicy))",
      message: "service.nodePort and externalTrafficPolicy need type NodePort or LoadBalancer",
    },
  ],
);

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";

const hostName = z
  .string()
  .max(253)
  .regex(
    new RegExp(`^(\\*\\.)?${label}(\\.${label})*$`),
    "must be a host name such as events.example.com or *.example.com",
  );

/** `spec.ingress`: an Ingress for the data plane. */
export const ingress = z.strictObject({
  className: objectName.optional().describe("IngressClass. Default: the cluster's default class."),
  hosts: z.array(hostName).max(16).optional().describe("Names that clients use. Default: any."),
  tlsSecret: objectName
    .optional()
    .describe("Secret with the keys tls.crt and tls.key that the Ingress controller shows to clients."),
  annotations: stringMap
    .optional()
    .describe(
      "Annotations of the Ingress; they go before ours, which keep ingress-nginx, HAProxy and Contour from buffering streams or cutting silent ones.",
    ),
});

const parent = z.strictObject({
  name: objectName.describe("Name of the Gateway."),
  namespace: objectName.optional().describe("Its namespace. Default: the RevenProx's own."),
  sectionName: z.string().min(1).max(253).optional().describe("One listener of the Gateway. Default: all that fit."),
  port: port.optional().describe("Listeners at this port only."),
});

/** `spec.route`: an HTTPRoute of the Gateway API for the data plane. */
export const route = z.strictObject({
  parentRefs: z.array(parent).min(1).max(16).describe("Gateways that the route belongs to."),
  hosts: z.array(hostName).max(16).optional().describe("Names that clients use. Default: those of the listeners."),
  annotations: stringMap.optional().describe("Annotations of the HTTPRoute."),
});
