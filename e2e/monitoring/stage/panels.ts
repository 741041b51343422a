import type { Platform } from "../../environment/platform.ts";

/** One query of one panel, its variables filled in. */
export interface PanelQuery {
  readonly dashboard: string;
  /** End of the dashboard's uid. */
  readonly id: string;
  readonly panel: string;
  /** Grafana's name of the panel's kind. */
  readonly kind: string;
  readonly legend: string;
  readonly unit: string;
  readonly expr: string;
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: string | { readonly query: string };
  readonly allValue?: string;
  readonly current?: { readonly value: string };
}

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat?: string }[];
  readonly fieldConfig?: { readonly defaults?: { readonly unit?: string } };
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly templating: { readonly list: readonly Variable[] };
  readonly panels: readonly Panel[];
}

const grafanaAll = "$__all";

const chosen = ({ allValue, current }: Variable): string =>
  current?.value === grafanaAll ? (allValue ?? ".*") : (current?.value ?? "");

const fillIn = (text: string, variables: readonly Variable[]): string =>
  variables.reduce((filled, variable) => filled.replaceAll(`$${variable.name}`, chosen(variable)), text);

const place = ({ title, uid }: Dashboard) => ({ dashboard: title, id: uid.replace(/.*-/, "") });

/** The `label_values(series, label)` of a variable, as a query that has one sample for each value. */
const valuesQuery = (dashboard: Dashboard, variable: Variable): readonly PanelQuery[] => {
  if (variable.type !== "query" || typeof variable.query === "string") return [];
  const call = /^label_values\((.*), (\w+)\)$/.exec(variable.query.query);
  if (call === null) throw new Error(`${dashboard.title}: ${variable.query.query} is no label_values(series, label)`);
  const expr = fillIn(`group by (${call[2]}) (${call[1]})`, dashboard.templating.list);
  return [{ ...place(dashboard), panel: "", kind: "variable", legend: variable.name, unit: "", expr }];
};

const panelQueries = (dashboard: Dashboard, panel: Panel): readonly PanelQuery[] =>
  (panel.targets ?? []).map(({ expr, legendFormat = "" }) => ({
    ...place(dashboard),
    panel: panel.title,
    kind: panel.type,
    legend: legendFormat,
    unit: panel.fieldConfig?.defaults?.unit ?? "",
    expr: fillIn(expr, dashboard.templating.list),
  }));

/** Every query of every dashboard that Grafana's sidecar would find in the cluster, those of the variables too. */
export const dashboardQueries = async (platform: Platform): Promise<readonly PanelQuery[]> => {
  const found = ["get", "configmaps", "--all-namespaces", "--selector", "grafana_dashboard=1", "--output", "json"];
  const { items } = JSON.parse(await platform.kubectl(found)) as { items: readonly { data: Record<string, string> }[] };
  const dashboards = items.flatMap(({ data }) => Object.values(data).map((text) => JSON.parse(text) as Dashboard));
  return dashboards.flatMap((dashboard) => [
    ...dashboard.templating.list.flatMap((variable) => valuesQuery(dashboard, variable)),
    ...dashboard.panels.flatMap((panel) => panelQueries(dashboard, panel)),
  ]);
};
