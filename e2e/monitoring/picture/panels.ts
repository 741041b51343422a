import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PanelQuery } from "../stage/panels.ts";
import type { Labels, PrometheusApi } from "../stage/prometheus-api.ts";
import { type Chart, linesPicture, statPicture } from "./chart.ts";
import { type Box, svg, text } from "./svg.ts";

const folder = join(import.meta.dirname, "..", "..", "..", "docs", "pictures");
const lookBackSec = 180;
const stepSec = 5;

const width = 960;
const gap = 12;
const headHeight = 40;
const statHeight = 76;
const linesHeight = 220;

const nameOf = (legend: string, labels: Labels): string =>
  legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? "");

const chartOf = async (prometheus: PrometheusApi, queries: readonly PanelQuery[]): Promise<Chart> => {
  const lines = await Promise.all(
    queries.map(async ({ expr, legend }) =>
      (await prometheus.queryRange(expr, lookBackSec, stepSec)).map(({ metric, values }) => ({
        name: nameOf(legend, metric),
        points: values,
      })),
    ),
  );
  const [{ panel: title, kind, unit } = { panel: "", kind: "", unit: "" }] = queries;
  return { title, kind, unit, lines: lines.flat() };
};

/** Boxes in rows of `columns`, from `top` down. */
const rows = (count: number, columns: number, top: number, height: number): readonly Box[] => {
  const each = (width - gap) / columns - gap;
  return Array.from({ length: count }, (_, index) => ({
    x: gap + (index % columns) * (each + gap),
    y: top + Math.floor(index / columns) * (height + gap),
    width: each,
    height,
  }));
};

/** All panels of one dashboard: those of one number first, then those over time. */
export const dashboardPicture = (title: string, charts: readonly Chart[]): string => {
  const stats = charts.filter(({ kind }) => kind === "stat");
  const others = charts.filter(({ kind }) => kind !== "stat");
  const statBoxes = rows(stats.length, 3, headHeight, statHeight);
  const below = headHeight + Math.ceil(stats.length / 3) * (statHeight + gap);
  const boxes = rows(others.length, 2, below, linesHeight);
  const height = below + Math.ceil(others.length / 2) * (linesHeight + gap);
  const content = [
    text(title, { x: gap, y: 26, "font-size": 16, "font-weight": 600, fill: "#1f2328" }),
    ...stats.map((chart, index) => statPicture(chart, statBoxes[index] as Box)),
    ...others.map((chart, index) => linesPicture(chart, boxes[index] as Box)),
  ];
  return svg(`Panels of the dashboard ${title} under load`, { width, height }, content.join(""));
};

/** Writes a picture of each dashboard, of the last minutes, into docs/pictures; names of the files by the end of the uid. */
export const drawPanels = async (prometheus: PrometheusApi, queries: readonly PanelQuery[]): Promise<void> => {
  await mkdir(folder, { recursive: true });
  const panels = queries.filter(({ kind }) => kind !== "variable");
  for (const [id, ofDashboard] of Map.groupBy(panels, (query) => query.id)) {
    const grouped = [...Map.groupBy(ofDashboard, ({ panel }) => panel).values()];
    const charts = await Promise.all(grouped.map((ofPanel) => chartOf(prometheus, ofPanel)));
    const picture = dashboardPicture(ofDashboard[0]?.dashboard ?? id, charts);
    await writeFile(join(folder, `dashboard-${id}.svg`), picture);
  }
};
