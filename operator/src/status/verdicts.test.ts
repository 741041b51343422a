import type { LabelSelector, Prometheus } from "../monitoring/pick-up.ts";
import { settledInput } from "../testing/live.ts";
import { refOf, testCases, withOutcome } from "../testing/status-case.contract.ts";

const prometheus = (objects: LabelSelector): Prometheus => {
  const selection = { objects, namespaces: {} };
  return { namespace: "monitoring", name: "k8s", selections: { ServiceMonitor: selection, PrometheusRule: selection } };
};

testCases([
  {
    name: "monitoring CRDs absent",
    input: settledInput({}, { monitoring: { serviceMonitor: false, prometheusRule: false } }),
    says: { MonitoringReady: "False CRDMissing", Ready: "True Ready" },
    naming: ["ServiceMonitor and PrometheusRule", "Prometheus Operator"],
  },
  {
    name: "no Prometheus selects the ServiceMonitor",
    input: settledInput({}, { prometheuses: [prometheus({ matchLabels: { release: "kps" } })] }),
    says: { MonitoringReady: "False NotSelected", Ready: "True Ready" },
    naming: [
      "ServiceMonitor web",
      'monitoring/k8s selects by {"matchLabels":{"release":"kps"}}',
      "spec.monitoring.labels",
    ],
  },
  {
    name: "a Prometheus selects by the user's labels",
    input: settledInput(
      { monitoring: { labels: { release: "kps" } } },
      { prometheuses: [prometheus({ matchLabels: { release: "kps" } })] },
    ),
    says: { MonitoringReady: "True Created" },
  },
  {
    name: "monitoring switched off",
    input: settledInput({ monitoring: { enabled: false } }),
    says: { MonitoringReady: "False Disabled", Ready: "True Ready" },
    naming: ["spec.monitoring.enabled"],
  },
  {
    name: "metrics switched off",
    input: settledInput({ config: { metricsEnabled: false } }),
    says: { MonitoringReady: "False Disabled" },
    naming: ["spec.config.metricsEnabled"],
  },
  {
    name: "ServiceMonitor not written",
    input: withOutcome(settledInput({}), { kind: "failed", ref: refOf("ServiceMonitor"), message: "time-out" }),
    says: {
      MonitoringReady: "False NotCreated",
      Ready: "False ApplyFailed",
      Reconciling: "True Progressing",
      Stalled: "False NotStalled",
    },
    naming: ["time-out"],
  },
  {
    name: "publishing by key only",
    input: settledInput({}),
    says: { AuthenticationConfigured: "False PublishKeyOnly" },
    naming: ["read every topic", "web-publish-key"],
  },
  {
    name: "a verifier",
    input: settledInput({ config: { jwtVerifier: { webhookUrl: "https://auth.example/verify" } } }),
    says: { AuthenticationConfigured: "True VerifierConfigured", Ready: "True Ready" },
    naming: ["webhookUrl"],
  },
  {
    name: "a verifier's settings without a verifier",
    input: settledInput({ config: { jwtVerifier: { timeoutMs: 100 } } }),
    says: { AuthenticationConfigured: "False PublishKeyOnly" },
  },
  {
    name: "name taken",
    input: withOutcome(settledInput({}), { kind: "name-conflict", ref: refOf("Service"), owner: "Helm release shop" }),
    says: { Stalled: "True NameConflict", Ready: "False NameConflict", Reconciling: "False Stalled" },
    naming: ["Service web", "Helm release shop"],
  },
  {
    name: "Secret's name taken",
    input: withOutcome(settledInput({}), {
      kind: "name-conflict",
      ref: refOf("Secret", "web-publish-key"),
      owner: "nobody",
    }),
    says: { Stalled: "True NameConflict", Ready: "False NameConflict" },
  },
  {
    name: "invalid pod template",
    input: withOutcome(settledInput({}), {
      kind: "refused",
      ref: refOf("Deployment"),
      status: 422,
      reason: "Invalid",
      message: "limits.cpu: must be greater than requests",
    }),
    says: { Stalled: "True PodTemplateInvalid", Ready: "False PodTemplateInvalid", Reconciling: "False Stalled" },
    naming: ["limits.cpu"],
  },
  {
    name: "refused for another reason",
    input: withOutcome(settledInput({}), {
      kind: "refused",
      ref: refOf("Service"),
      status: 403,
      reason: "Forbidden",
      message: "no",
    }),
    says: { Stalled: "True Refused", Ready: "False Refused" },
  },
  {
    name: "spec that gives no objects",
    input: {
      ...settledInput({}),
      desired: [],
      apply: [
        {
          kind: "refused",
          ref: refOf("RevenProx"),
          status: 422,
          reason: "InvalidConfigError",
          message: "spec.config.x: no",
        },
      ],
    },
    says: { Stalled: "True InvalidSpec", Ready: "False InvalidSpec", Available: "True ProxiesReady" },
    naming: ["The spec cannot be carried out: spec.config.x: no. Edit it."],
  },
  {
    name: "another manager",
    input: withOutcome(settledInput({}), {
      kind: "conflict",
      ref: refOf("Deployment"),
      manager: "kubectl-edit",
      fields: ["spec.replicas"],
    }),
    says: { Stalled: "True Conflict", Ready: "False Conflict" },
    naming: ["kubectl-edit", "spec.replicas"],
  },
  {
    name: "an autoscaler of the Deployment",
    input: withOutcome(settledInput({}), {
      kind: "conflict",
      ref: refOf("Deployment"),
      manager: "kube-controller-manager",
      fields: [".spec.replicas"],
    }),
    says: { Stalled: "True Conflict" },
    naming: ["have autoscalers target the RevenProx"],
  },
]);
