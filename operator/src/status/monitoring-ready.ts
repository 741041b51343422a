import { monitoringPlan } from "../desired/monitoring.ts";
import { describeSelection, passedOverBy } from "../monitoring/pick-up.ts";
import type { StatusInput } from "../reconcile/ports.ts";
import type { Situation } from "./situation.ts";
import { isFalse, isTrue, type Verdict } from "./verdict.ts";

const monitoringKinds = ["ServiceMonitor", "PrometheusRule"] as const;
type MonitoringKind = (typeof monitoringKinds)[number];
const isMonitoring = (kind: string): kind is MonitoringKind => monitoringKinds.some((each) => each === kind);

/** Prometheuses that are named; of others only the number is told. */
const mostNamed = 3;

/** What no Prometheus of the cluster picks up, although all of them could be looked at. */
const passedOverVerdict = ({ desired, facts, revenprox }: StatusInput): Verdict | undefined => {
  const { namespace } = revenprox.metadata;
  for (const { kind, metadata } of desired) {
    if (!isMonitoring(kind)) continue;
    const by = passedOverBy(facts.prometheuses ?? [], kind, { namespace, labels: metadata.labels ?? {} });
    if (by === undefined) continue;
    const named = by.slice(0, mostNamed).map((each) => describeSelection(each, kind));
    const more = by.length > mostNamed ? ` and ${by.length - mostNamed} more` : "";
    return isFalse(
      "NotSelected",
      `No Prometheus picks up ${kind} ${metadata.name}: ${named.join("; ")}${more}. Put the labels that yours selects by into spec.monitoring.labels.`,
    );
  }
  return undefined;
};

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
  const lacking = children.find(({ kind, health }) => isMonitoring(kind) && health !== "Current");
  if (lacking !== undefined) {
    return isFalse("NotCreated", `${lacking.kind} ${lacking.name} is not as it should be: ${lacking.message ?? ""}`);
  }
  const passedOver = passedOverVerdict(input);
  if (passedOver !== undefined) return passedOver;
  return isTrue(
    "Created",
    `ServiceMonitor and PrometheusRule ${revenprox.metadata.name} exist. If Prometheus does not pick them up, put the labels it selects by into spec.monitoring.labels.`,
  );
};
