import { connectionOverview } from "./connection-overview.ts";
import { type DashboardText, instanceDashboard, operatorDashboard, type Row } from "./frame.ts";
import { messageThroughput } from "./message-throughput.ts";
import { operator } from "./operator.ts";
import { overview } from "./overview.ts";
import { slo } from "./slo.ts";

interface Described extends DashboardText {
  readonly rows: readonly Row[];
}

const ofInstance: readonly Described[] = [
  {
    id: "overview",
    title: "Overview",
    description: "Open this first: is the instance there, who is hurt, and where to look next.",
    rows: overview,
  },
  {
    id: "connections",
    title: "Connection Overview",
    description: "Streams, refusals, resumes and authentication.",
    rows: connectionOverview,
  },
  {
    id: "messages",
    title: "Message Throughput",
    description: "Messages, their latency and losses, publishing and the journal.",
    rows: messageThroughput,
  },
  { id: "slo", title: "SLO", description: "Objectives, error budgets and how fast they go.", rows: slo },
];

const ofOperator: DashboardText = { id: "operator", title: "Operator", description: "What the operator does." };

const text = (dashboard: unknown): string => `${JSON.stringify(dashboard, undefined, 2)}\n`;

/** Dashboards as files with placeholders: path from the project's root -> JSON. */
export const dashboardFiles = (): readonly (readonly [string, string])[] => [
  ...ofInstance.map(
    (one) =>
      [
        `contract/src/dashboards/${one.id}.json`,
        text(
          instanceDashboard(
            one,
            ofInstance.filter(({ id }) => id !== one.id),
            one.rows,
          ),
        ),
      ] as const,
  ),
  ["charts/revenprox/files/operator-dashboard.json", text(operatorDashboard(ofOperator, operator))],
];
