import { z } from "zod";
import { auth, tls } from "./spec-auth.ts";
import { autoscaling } from "./spec-autoscaling.ts";
import { specConfig } from "./spec-config.ts";
import { podDisruptionBudget } from "./spec-disruption.ts";
import { ingress, route, service } from "./spec-exposure.ts";
import { healing } from "./spec-healing.ts";
import { monitoring } from "./spec-monitoring.ts";
import { networkPolicy } from "./spec-network.ts";
import { natsPod, pod } from "./spec-pod.ts";
import { rollout } from "./spec-rollout.ts";
import { slo } from "./spec-slo.ts";
import { tracing } from "./spec-tracing.ts";
import { imageName, objectName, quantity, withRules } from "./structural.ts";

const natsServer = z
  .string()
  .max(512)
  .regex(/^(nats|tls):\/\/[^\s@/]+$/, "must be nats://host:port or tls://host:port, without user name or password")
  .describe("nats://host:port or tls://host:port; credentials go into credentialsSecret, never into the URL.");

/** What Kubernetes takes as a quantity; of another string its API server says "internal error" when pods are made of it. */
const anyQuantity = "^[0-9]+(\\.[0-9]+)?([numkMGTPE]|[KMGTPE]i|[eE][0-9]+)?$";

const amounts = z.record(z.string().max(63), quantity).meta({
  maxProperties: 16,
  additionalProperties: {
    "x-kubernetes-int-or-string": true,
    anyOf: [{ type: "integer" }, { type: "string" }],
    pattern: anyQuantity,
  },
});

const resources = z.strictObject({
  requests: amounts.optional().describe("What a pod is promised."),
  limits: amounts
    .optional()
    .describe("What a pod may use at most; of a proxy the memory limit is the metric memory_limit_bytes."),
});

const managedNats = z.strictObject({
  replicas: z
    .union([z.literal(1), z.literal(3)])
    .meta({ type: "integer", enum: [1, 3] })
    .default(1)
    .describe("NATS servers: 1, or 3 to survive the loss of one. Cannot be changed later."),
  storage: z
    .strictObject({
      size: quantity.default("2Gi").describe("Size of each server's journal volume. May grow later."),
      className: objectName
        .optional()
        .describe(
          "StorageClass of the volumes. Unset: the cluster's default class; none: an emptyDir, with JournalDurable=False.",
        ),
    })
    .prefault({})
    .describe("Where the journal lies."),
  image: imageName
    .optional()
    .describe(
      "Image of the NATS servers, best by digest; nothing but /nats-server is needed in it. A new one rolls them one by one. Default: as for spec.image.",
    ),
  tls: z
    .strictObject({
      enabled: z.boolean().optional().describe("Whether NATS takes only TLS, with a generated CA. Default: false."),
    })
    .optional()
    .describe("TLS of the NATS servers. Cannot be changed later."),
  resources: resources.optional().describe("Compute resources of a NATS pod."),
  pod: natsPod.optional().describe("What is added to the NATS pods. A change rolls them one by one."),
});

const externalNats = z.strictObject({
  servers: z.array(natsServer).min(1).max(32).describe("Servers of one NATS system with JetStream."),
  credentialsSecret: objectName.optional().describe("Secret in this namespace with the keys username and password."),
  tls: z
    .strictObject({
      caSecret: objectName
        .optional()
        .describe("Secret with the key ca.crt: who may vouch for the servers. Unset: the public authorities."),
      clientSecret: objectName
        .optional()
        .describe(
          "Secret with the keys tls.crt and tls.key: what the proxies show to servers that ask for a certificate.",
        ),
    })
    .optional()
    .describe("For servers that begin with tls://, best given by name."),
});

const nats = withRules(
  z.strictObject({
    managed: managedNats.optional().describe("NATS that the operator runs. The default."),
    external: externalNats.optional().describe("NATS that somebody else runs."),
  }),
  [
    {
      rule: "!(has(self.managed) && has(self.external))",
      message: "give nats.managed or nats.external, not both",
    },
  ],
);

const managedValue = (
  side: "self" | "oldSelf",
  field: string,
  fallback: string,
  optional: readonly string[] = [],
): string => {
  const managed = `${side}.nats.managed`;
  const given = [`${side}.nats`, managed, ...optional.map((each) => `${managed}.${each}`)];
  return `(${given.map((each) => `has(${each})`).join(" && ")} ? ${managed}.${field} : ${fallback})`;
};

const unchangedManaged = (field: string, fallback: string, optional: readonly string[] = []): string =>
  (["self", "oldSelf"] as const).map((side) => managedValue(side, field, fallback, optional)).join(" == ");

/** `spec` of a RevenProx. `{}` is a working system. */
export const revenproxSpec = withRules(
  z.strictObject({
    replicas: z
      .int()
      .min(0)
      .max(1_000)
      .default(3)
      .describe(
        "Proxy pods. Written by kubectl scale and autoscalers through the scale subresource. With autoscaling by Connections only 0 counts, which switches it off.",
      ),
    autoscaling: autoscaling.optional().describe("Lets the number of proxies follow the load. Unset: it is replicas."),
    image: imageName
      .optional()
      .describe(
        "Image of the proxy, best by digest. Default: the one the operator was released with when the proxies first ran; see upgradePolicy.",
      ),
    upgradePolicy: z
      .enum(["Manual", "Automatic"])
      .optional()
      .describe(
        "What a newer operator does with images that the spec does not name: Manual keeps those that run and says so by UpgradePending; Automatic rolls its own ones out. Default: Manual.",
      ),
    rollout: rollout.optional().describe("How streams move when pods are replaced, removed or added."),
    healing: healing.optional().describe("Replacement of single proxies that are cut off, within a budget."),
    config: specConfig,
    auth: auth.optional().describe("Secrets of authentication; who decides is said in config.jwtVerifier."),
    tls: tls.optional().describe("TLS of the data plane. Unset: plain HTTP."),
    nats: nats.optional().describe("The NATS behind the proxies. Default: one server, run by the operator."),
    service: service.optional().describe("The Service that clients connect to."),
    ingress: ingress.optional().describe("An Ingress that leads to /events of the proxies, and nowhere else."),
    route: route
      .optional()
      .describe("An HTTPRoute (Gateway API 1.2 or later) that leads to /events of the proxies, and nowhere else."),
    podDisruptionBudget: podDisruptionBudget
      .optional()
      .describe("How many proxies a drain of nodes may take at once; of three NATS servers it is always one."),
    networkPolicy: networkPolicy.optional().describe("Who may talk to the pods, and to whom they may."),
    monitoring: monitoring.optional().describe("Prometheus integration."),
    slo: slo
      .optional()
      .describe("Service level objectives: what recording rules, burn-rate alerts and the error budget are about."),
    tracing: tracing.optional().describe("OpenTelemetry traces of the proxies over OTLP/HTTP. Unset: none."),
    resources: resources.optional().describe("Compute resources of a proxy pod."),
    pod: pod.optional().describe("What is added to the proxy pods. A change rolls them."),
    imagePullSecrets: z
      .array(objectName)
      .max(16)
      .optional()
      .describe("Secrets in this namespace with registry credentials, for the pods of proxies and NATS."),
    progressDeadlineSeconds: z
      .int()
      .min(30)
      .max(86_400)
      .default(600)
      .describe("Seconds without progress after which Stalled becomes True."),
  }),
  [
    {
      rule: "has(self.nats) && has(self.nats.external) ? !(has(oldSelf.nats) && has(oldSelf.nats.managed)) && has(oldSelf.nats) : !(has(oldSelf.nats) && has(oldSelf.nats.external))",
      message:
        "nats cannot move between managed and external after creation: create a second RevenProx and move clients to it",
    },
    {
      rule: [
        unchangedManaged("replicas", "1"),
        unchangedManaged("storage.className", "''", ["storage.className"]),
        unchangedManaged("tls.enabled", "false", ["tls", "tls.enabled"]),
      ].join(" && "),
      message:
        "nats.managed.replicas, storage.className and tls cannot be changed after creation: create a second RevenProx and move clients to it",
    },
    {
      rule: `quantity(${managedValue("self", "storage.size", "'2Gi'")}).compareTo(quantity(${managedValue("oldSelf", "storage.size", "'2Gi'")})) >= 0`,
      message:
        "nats.managed.storage.size can grow, not shrink: keep it, or create a second RevenProx and move clients to it",
    },
    {
      rule: "!has(self.rollout) || !has(self.rollout.drainWindowSeconds) || !has(self.config) || !has(self.config.http) || !has(self.config.http.shutdownGracePeriodSec)",
      message: "give rollout.drainWindowSeconds or config.http.shutdownGracePeriodSec, not both",
    },
    {
      rule: "!has(self.rollout) || !has(self.rollout.streamsPerSecond) || !has(self.config) || !has(self.config.http) || !has(self.config.http.drainRatePerSec)",
      message: "give rollout.streamsPerSecond or config.http.drainRatePerSec, not both",
    },
    {
      rule: "!has(self.rollout) || !has(self.rollout.drainWindowSeconds) || self.progressDeadlineSeconds > self.rollout.drainWindowSeconds",
      message: "progressDeadlineSeconds (default 600) must be more than rollout.drainWindowSeconds",
    },
    {
      rule: "!has(self.config) || !has(self.config.journal) || (has(self.config.journal.duplicateWindowSec) ? self.config.journal.duplicateWindowSec : 120) <= (has(self.config.journal.maxAgeSec) ? self.config.journal.maxAgeSec : 3600)",
      message: "config.journal.duplicateWindowSec (default 120) must be at most maxAgeSec (default 3600)",
    },
    {
      rule: "!has(self.auth) || !has(self.auth.verifier) || (has(self.config) && has(self.config.jwtVerifier) && (has(self.config.jwtVerifier.webhookUrl) || has(self.config.jwtVerifier.jwksUrl)))",
      message: "auth.verifier says how a verifier is called: set config.jwtVerifier.webhookUrl or jwksUrl, too",
    },
    {
      rule: "!has(self.config) || !has(self.config.distributedState) || double(has(self.config.distributedState.peerTimeoutSec) ? self.config.distributedState.peerTimeoutSec : 20) >= 2.0 * (has(self.config.distributedState.gossipIntervalSec) ? self.config.distributedState.gossipIntervalSec : 5.0)",
      message:
        "config.distributedState.peerTimeoutSec (default 20) must be at least twice gossipIntervalSec (default 5)",
    },
  ],
);

export type RevenProxSpec = z.output<typeof revenproxSpec>;
