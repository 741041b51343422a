import type { Row } from "./frame.ts";
import { lines, number } from "./panels.ts";
import { operatorMetric, perSecondLong, quantile, upOfOperator } from "./queries.ts";

/** The operator itself. */
export const operator: readonly Row[] = [
  {
    title: "Now",
    panels: [
      number(
        { title: "Up", description: "Operators that answer Prometheus.", unit: "short" },
        { expr: `sum(${upOfOperator})`, legend: "up" },
      ),
      number(
        { title: "RevenProxes", description: "Resources it looks after.", unit: "short" },
        { expr: `max(${operatorMetric("resources")})`, legend: "resources" },
      ),
      number(
        { title: "Waiting", description: "Resources that wait for a worker.", unit: "short" },
        { expr: `max(${operatorMetric("workqueue_depth")})`, legend: "waiting" },
        { warn: 10, bad: 100 },
      ),
      number(
        {
          title: "Quietest Watch",
          description: "Seconds since it heard anything; about 60 at most in good order.",
          unit: "s",
        },
        { expr: `max(${operatorMetric("watch_last_event_age_seconds")})`, legend: "age" },
        { warn: 120, bad: 300 },
      ),
    ],
  },
  {
    title: "Work",
    panels: [
      lines({ title: "Passes by Result", description: "Passes over a RevenProx each second.", unit: "ops" }, [
        { expr: `sum by (result) (${perSecondLong(operatorMetric("reconcile_total"))})`, legend: "{{result}}" },
      ]),
      lines({ title: "Errors", description: "Passes that failed and are tried again, each second.", unit: "ops" }, [
        { expr: `sum(${perSecondLong(operatorMetric("reconcile_errors_total"))})`, legend: "errors" },
      ]),
      lines({ title: "Duration of a Pass", description: "Median and 99th percentile.", unit: "s" }, [
        { expr: quantile(0.5, operatorMetric("reconcile_duration_seconds", "_bucket")), legend: "p50" },
        { expr: quantile(0.99, operatorMetric("reconcile_duration_seconds", "_bucket")), legend: "p99" },
      ]),
      lines(
        { title: "Queue", description: "Resources that wait, and how long the slowest pass has run.", unit: "short" },
        [
          { expr: operatorMetric("workqueue_depth"), legend: "{{name}}: waiting" },
          { expr: operatorMetric("workqueue_longest_running_processor_seconds"), legend: "{{name}}: slowest, seconds" },
        ],
      ),
      lines(
        {
          title: "Writes by Kind",
          description:
            "Children written each second. In a steady state there are none: else somebody changes them too.",
          unit: "ops",
        },
        [
          {
            expr: `sum by (kind, outcome) (${perSecondLong(operatorMetric("child_writes_total"))})`,
            legend: "{{kind}} {{outcome}}",
          },
          { expr: `sum(${perSecondLong(operatorMetric("status_writes_total"))})`, legend: "status" },
        ],
      ),
      lines({ title: "Watches", description: "Watches opened anew, and lists asked for, each second.", unit: "ops" }, [
        {
          expr: `sum by (kind) (${perSecondLong(operatorMetric("watch_restarts_total"))})`,
          legend: "restart {{kind}}",
        },
        { expr: `sum by (kind) (${perSecondLong(operatorMetric("list_total"))})`, legend: "list {{kind}}" },
      ]),
    ],
  },
];
