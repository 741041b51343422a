import type { OperatorMetricName } from "../operator-metrics.ts";
import { operatorMetricName } from "../operator-metrics.ts";
import { type Alert, named, type RuleContext, range, up } from "./alert.ts";

const of = (context: RuleContext, name: OperatorMetricName): string => named(context, operatorMetricName(name));

/** A watch hears at least a bookmark about once a minute. */
const staleWatchSec = 300;
const slowReconcileSec = 10;
const longQueue = 10;
const stuckSec = 300;

/**
 * Alerts about the operator itself; `service` of the context is the Service of its metrics.
 * None is critical: without the operator the proxies serve on, only changes wait.
 */
export const operatorAlerts: readonly Alert[] = [
  {
    name: "RevenProxOperatorDown",
    severity: "warning",
    forSec: 600,
    summary: "The RevenProx operator does not answer",
    description: "Proxies serve on, but no change of a RevenProx takes effect and nothing that is deleted comes back.",
    expr: (c) => `absent(${up(c)} == 1)`,
  },
  {
    name: "RevenProxOperatorReconcileErrors",
    severity: "warning",
    forSec: 1_800,
    summary: "Passes over a RevenProx keep failing",
    description: "{{ $value }} passes failed in the last 15 minutes: at least one RevenProx is not as its spec says.",
    expr: (c) => `increase(${of(c, "reconcile_errors_total")}${range(c, 900)}) > 0`,
  },
  {
    name: "RevenProxOperatorReconcileSlow",
    severity: "warning",
    forSec: 900,
    summary: "One pass of a hundred over a RevenProx takes {{ $value | humanizeDuration }}",
    description: "The API server answers slowly, or the operator has too little CPU: changes take effect late.",
    expr: (c) => {
      const buckets = named(c, `${operatorMetricName("reconcile_duration_seconds")}_bucket`);
      const rates = `sum by (namespace, service, le) (rate(${buckets}${range(c, 900)}))`;
      return `histogram_quantile(0.99, ${rates}) > ${slowReconcileSec}`;
    },
  },
  {
    name: "RevenProxOperatorWatchStale",
    severity: "warning",
    forSec: 300,
    summary: "A watch of {{ $labels.pod }} has heard nothing for {{ $value | humanizeDuration }}",
    description: "The operator does not see changes of one kind of object any more.",
    expr: (c) => `${of(c, "watch_last_event_age_seconds")} > ${staleWatchSec}`,
  },
  {
    name: "RevenProxOperatorQueueLong",
    severity: "warning",
    forSec: 900,
    summary: "{{ $value }} RevenProxes wait for the operator",
    description: "More changes than the operator keeps up with: they take effect late.",
    expr: (c) => `min_over_time(${of(c, "workqueue_depth")}${range(c, 600)}) > ${longQueue}`,
  },
  {
    name: "RevenProxOperatorStuck",
    severity: "warning",
    forSec: 300,
    summary: "A pass over a RevenProx has run for {{ $value | humanizeDuration }}",
    description: "The operator waits for something that does not come; that RevenProx is not looked after meanwhile.",
    expr: (c) => `${of(c, "workqueue_longest_running_processor_seconds")} > ${stuckSec}`,
  },
];

/** Names of the operator's own alerts. */
export const operatorAlertNames: readonly string[] = operatorAlerts.map(({ name }) => name);
