import {
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import { ThresholdsConfigBuilder, ThresholdsMode } from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";

/** One line, or bundle of lines, of a panel. */
export interface Query {
  readonly expr: string;
  /** Grafana's template over labels. */
  readonly legend: string;
}

export interface PanelText {
  readonly title: string;
  /** What it shows and when it is wrong: shown by the panel's "i". */
  readonly description: string;
  /** Grafana's name of the unit: `short`, `bytes`, `s`, `percentunit`, `cps` (events a second). */
  readonly unit: string;
  /** Whether it can be below 0; else the axis begins there. */
  readonly signed?: boolean;
}

/** Red at or beyond `bad`, yellow at or beyond `warn`; from above when `warn` is the larger. */
export interface Limits {
  readonly warn: number;
  readonly bad: number;
}

/** Grafana takes the data source from this variable. */
export const datasource = { type: "prometheus", uid: "$datasource" } as const;

const legend = () =>
  new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .showLegend(true)
    .calcs([]);

const columns = 24;
const refIds = "ABCDEFGH";

const targets = (queries: readonly Query[], instant: boolean): readonly DataqueryBuilder[] =>
  queries.map(({ expr, legend }, index) => {
    const query = new DataqueryBuilder()
      .refId(refIds[index] ?? "Z")
      .expr(expr)
      .legendFormat(legend);
    return instant ? query.instant() : query.range();
  });

/** Lines over time; `share` of the row it takes: 2 = half. */
export const lines = (text: PanelText, queries: readonly Query[], share = 2): TimeseriesBuilder => {
  const panel = new TimeseriesBuilder()
    .title(text.title)
    .description(text.description)
    .unit(text.unit)
    .datasource(datasource)
    .fillOpacity(8)
    .legend(legend())
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .height(8)
    .span(columns / share)
    .targets([...targets(queries, false)]);
  return text.signed === true ? panel : panel.min(0);
};

const steps = ({ warn, bad }: Limits) => {
  const rising = bad >= warn;
  const [first, second] = rising ? [warn, bad] : [bad, warn];
  const [low, high] = rising ? ["green", "red"] : ["red", "green"];
  return [
    { value: null, color: low },
    { value: first, color: "yellow" },
    { value: second, color: high },
  ];
};

/** One number as it is now. */
export const number = (text: PanelText, query: Query, limits?: Limits): StatBuilder => {
  const panel = new StatBuilder()
    .title(text.title)
    .description(text.description)
    .unit(text.unit)
    .datasource(datasource)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]))
    .height(4)
    .span(columns / 6)
    .targets([...targets([query], true)]);
  if (limits === undefined) return panel;
  return panel.thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps(limits)));
};
