import { monitoringPlan } from "../desired/monitoring.ts";
import type { Situation } from "./situation.ts";
import { isFalse, isTrue, type Verdict } from "./verdict.ts";

const monitoringKinds = ["ServiceMonitor", "PrometheusRule"];

/** Whether a Prometheus can find the proxies and the alerts. The service itself does not depend on it. */
export const monitoringReady = ({ input, children }: Situation): Verdict => {
  const { revenprox, facts } = input;
  const plan = monitoringPlan(revenprox, facts);
  if (plan.kind === "off") {
    return isFalse("Disabled", `spec.${plan.by} is false, so there is neither a ServiceMonitor nor a PrometheusRule.`);
  }
  if (plan.missing.length > 0) {
    return isFalse(
      "CRDMissing",
      `The cluster does not know ${plan.missing.join(" and ")}. Install the Prometheus Operator or its CRDs; they are used as soon as they are there.`,
    );
  }
  const lacking = children.find(({ kind, health }) => monitoringKinds.includes(kind) && health !== "Current");
  if (lacking !== undefined) {
    return isFalse("NotCreated", `${lacking.kind} ${lacking.name} is not as it should be: ${lacking.message ?? ""}`);
  }
  return isTrue(
    "Created",
    `ServiceMonitor and PrometheusRule ${revenprox.metadata.name} exist. If Prometheus does not pick them up, put the labels it selects by into spec.monitoring.labels.`,
  );
};
