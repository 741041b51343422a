import {
  // biome-ignore lint/suspicious/noDeprecatedImports: only newer Grafanas read the second schema.
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { placeholder } from "../../src/dashboards/placeholder.ts";
import { metricName } from "../../src/metrics.ts";
import { datasource, type lines, type number } from "./panels.ts";

/** Panels below a heading. */
export interface Row {
  readonly title: string;
  readonly panels: readonly (ReturnType<typeof lines> | ReturnType<typeof number>)[];
}

export interface DashboardText {
  /** End of the uid. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
}

const prometheusVariable = new DatasourceVariableBuilder("datasource").label("Data source").type("prometheus");

const labelValues = (name: string, label: string, query: string) =>
  new QueryVariableBuilder(name)
    .label(label)
    .datasource(datasource)
    .query({ query, refId: name })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);

const current = (value: string) => ({ selected: true, text: value, value });

const anchor = metricName("connections_active");

/** Data source, namespace, instance and proxies: what every dashboard of an instance can be turned to. */
const instanceVariables = [
  prometheusVariable,
  labelValues("namespace", "Namespace", `label_values(${anchor}, namespace)`).current(current(placeholder.namespace)),
  labelValues("service", "Instance", `label_values(${anchor}{namespace="$namespace"}, service)`).current(
    current(placeholder.service),
  ),
  labelValues("pod", "Proxy", `label_values(${anchor}{namespace="$namespace",service="$service"}, pod)`)
    .multi(true)
    .includeAll(true)
    .allValue(".*")
    .current({ selected: true, text: "All", value: "$__all" }),
];

/** The same for the operator; it has one Service a release. */
const operatorVariables = [
  prometheusVariable,
  labelValues("namespace", "Namespace", "label_values(revenprox_operator_build_info, namespace)").current(
    current(placeholder.namespace),
  ),
  labelValues(
    "service",
    "Operator",
    'label_values(revenprox_operator_build_info{namespace="$namespace"}, service)',
  ).current(current(placeholder.service)),
];

const start = ({ id, title, description }: DashboardText): DashboardBuilder =>
  new DashboardBuilder(`${title}: ${placeholder.title}`)
    .uid(`${placeholder.uid}-${id}`)
    .description(description)
    .tags(["revenprox"])
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: "now-3h", to: "now" })
    .timezone("browser")
    .refresh("30s");

const withRows = (dashboard: DashboardBuilder, rows: readonly Row[]): DashboardBuilder => {
  for (const { title, panels } of rows) {
    dashboard.withRow(new RowBuilder(title));
    for (const panel of panels) dashboard.withPanel(panel);
  }
  return dashboard;
};

const link = ({ id, title }: Pick<DashboardText, "id" | "title">) =>
  new DashboardLinkBuilder(title)
    .type(DashboardLinkType.Link)
    .url(`/d/${placeholder.uid}-${id}`)
    .keepTime(true)
    .includeVars(true);

/** The SDK numbers no panel and sends links into a menu that only newer Grafanas have. */
const finished = (builder: DashboardBuilder) => {
  const { panels = [], links = [], ...dashboard } = builder.build();
  return {
    ...dashboard,
    links: links.map(({ placement, ...one }) => one),
    panels: panels.map((panel, index) => ({ ...panel, id: index + 1 })),
  };
};

/** A dashboard of an instance, with links to the others. */
export const instanceDashboard = (
  text: DashboardText,
  others: readonly Pick<DashboardText, "id" | "title">[],
  rows: readonly Row[],
) =>
  withRows(
    start(text)
      .variables([...instanceVariables])
      .links(others.map(link)),
    rows,
  ).build();

/** The dashboard of an operator. */
export const operatorDashboard = (text: DashboardText, rows: readonly Row[]) =>
  finished(withRows(start(text).variables([...operatorVariables]), rows));
