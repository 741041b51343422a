import { inUnit, niceTicks } from "./axis.ts";
import { type Box, palette, tag, text } from "./svg.ts";

/** One line: seconds and values; a value that is no number leaves a hole. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [seconds: number, value: number])[];
}

/** What one panel shows; `unit` is Grafana's name of it. */
export interface Chart {
  readonly title: string;
  readonly kind: string;
  readonly unit: string;
  readonly lines: readonly Line[];
}

const legendRows = 3;
const legendRowHeight = 13;
const margin = { left: 58, right: 14, top: 34, bottom: 24 + legendRows * legendRowHeight };

const finite = ({ points }: Line): readonly (readonly [number, number])[] =>
  points.filter(([, value]) => Number.isFinite(value));

const frame = ({ x, y, width, height }: Box, title: string): string =>
  tag("rect", { x, y, width, height, rx: 4, fill: "#ffffff", stroke: "#d0d7de" }) +
  text(title, { x: x + 12, y: y + 20, "font-size": 13, "font-weight": 600, fill: "#1f2328" });

/** A panel of one number: the last. */
export const statPicture = (chart: Chart, box: Box): string => {
  const last = chart.lines.flatMap((line) => finite(line).slice(-1))[0]?.[1];
  const shown = last === undefined ? "no data" : inUnit(last, chart.unit);
  const at = { x: box.x + box.width / 2, y: box.y + box.height - 18, "text-anchor": "middle" };
  return frame(box, chart.title) + text(shown, { ...at, "font-size": 26, "font-weight": 600, fill: "#1a7f37" });
};

interface Scale {
  /** First and last second. */
  readonly span: readonly [number, number];
  readonly x: (seconds: number) => number;
  readonly y: (value: number) => number;
}

const path = (line: Line, { x, y }: Scale, colour: string): string => {
  let pen = "M";
  const steps = line.points.flatMap(([seconds, value]) => {
    if (!Number.isFinite(value)) {
      pen = "M";
      return [];
    }
    const step = `${pen}${x(seconds).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
    return [step];
  });
  return tag("path", {
    d: steps.join(""),
    fill: "none",
    stroke: colour,
    "stroke-width": 1.5,
    "stroke-linejoin": "round",
  });
};

const colourOf = (index: number): string => palette[index % palette.length] as string;

const legend = (lines: readonly Line[], box: Box): string => {
  const perRow = 2;
  const room = legendRows * perRow;
  const shown = lines.length > room ? lines.slice(0, room - 1) : lines;
  const more = lines.length > shown.length ? [`and ${lines.length - shown.length} more`] : [];
  const top = box.y + box.height - legendRows * legendRowHeight + 4;
  const place = (index: number) => ({
    x: box.x + 14 + (index % perRow) * (box.width / perRow),
    y: top + Math.floor(index / perRow) * legendRowHeight,
  });
  const entries = shown.map(({ name }, index) => {
    const { x, y } = place(index);
    const dash = tag("rect", { x, y: y - 5, width: 10, height: 3, fill: colourOf(index) });
    return dash + text(name, { x: x + 15, y, "font-size": 10, fill: "#57606a" });
  });
  const rest = more.map((words) => text(words, { ...place(shown.length), "font-size": 10, fill: "#57606a" }));
  return [...entries, ...rest].join("");
};

const clock = (seconds: number): string => new Date(seconds * 1_000).toISOString().slice(11, 19);

const axes = (chart: Chart, box: Box, ticks: readonly number[], scale: Scale): string => {
  const right = box.x + box.width - margin.right;
  const grid = ticks.map((tick) => {
    const y = scale.y(tick);
    const line = tag("line", { x1: box.x + margin.left, x2: right, y1: y, y2: y, stroke: "#eaeef2" });
    const at = { x: box.x + margin.left - 6, y: y + 3, "font-size": 10, "text-anchor": "end", fill: "#57606a" };
    return line + text(inUnit(tick, chart.unit), at);
  });
  const [from, to] = scale.span;
  const times = [from, (from + to) / 2, to].map((seconds, index) =>
    text(clock(seconds), {
      x: scale.x(seconds),
      y: box.y + box.height - margin.bottom + 14,
      "font-size": 10,
      "text-anchor": ["start", "middle", "end"][index] ?? "middle",
      fill: "#57606a",
    }),
  );
  return [...grid, ...times].join("");
};

/** A panel of lines over time; times are UTC. */
export const linesPicture = (chart: Chart, box: Box): string => {
  const points = chart.lines.flatMap(finite);
  if (points.length === 0) return frame(box, `${chart.title}: no data`);
  const seconds = points.map(([at]) => at);
  const span = [Math.min(...seconds), Math.max(...seconds)] as const;
  const ticks = niceTicks(points.map(([, value]) => value));
  const [low = 0, high = 1] = [ticks[0], ticks.at(-1)];
  const inner = { width: box.width - margin.left - margin.right, height: box.height - margin.top - margin.bottom };
  const scale: Scale = {
    span,
    x: (at) => box.x + margin.left + ((at - span[0]) / Math.max(1, span[1] - span[0])) * inner.width,
    y: (value) => box.y + margin.top + (1 - (value - low) / (high - low)) * inner.height,
  };
  const lines = chart.lines.map((line, index) => path(line, scale, colourOf(index)));
  return frame(box, chart.title) + axes(chart, box, ticks, scale) + lines.join("") + legend(chart.lines, box);
};
