import type { Machine } from "./machine.ts";
import { detailsOf, ratioOf, type ScenarioResult, spreadOf } from "./results.ts";
import type { Subject } from "./subjects/subject.ts";

export interface ReportParts {
  readonly date: string;
  /** Whether the proxies stored events. */
  readonly journal: boolean;
  readonly machine: Machine;
  /** Load averages of one minute at the beginning and the end. */
  readonly loads: readonly [before: number, after: number];
  readonly results: readonly ScenarioResult[];
  readonly subjects: readonly Pick<Subject, "name" | "about">[];
  /** What was not measured, and why. */
  readonly missing: readonly string[];
}

export const figure = (value: number): string => {
  if (Number.isNaN(value)) return "–";
  if (value >= 1_000) return Math.round(value).toLocaleString("en");
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
};

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

/** One scenario as a Markdown table. */
export const tableOf = (result: ScenarioResult): string => {
  const { name, title, unit, reference } = result.scenario;
  const detailNames = [...new Set(result.subjects.flatMap((runs) => Object.keys(detailsOf(runs))))];
  const head = ["", unit, "min–max", "runs", `to ${reference ?? "–"}`, ...detailNames];
  const rows = result.subjects.map((runs) => {
    const spread = spreadOf(runs);
    const ratio = ratioOf(result, runs);
    const details = detailsOf(runs);
    return row([
      runs.subject,
      spread === undefined ? "none passed" : figure(spread.median),
      spread === undefined ? "–" : `${figure(spread.min)}–${figure(spread.max)}`,
      String(runs.runs.length),
      ratio === undefined ? "–" : ratio.toFixed(2),
      ...detailNames.map((detail) => figure(details[detail] ?? Number.NaN)),
    ]);
  });
  const rule = row(head.map((_, column) => (column === 0 ? "---" : "---:")));
  return [`### ${name}. ${title}`, "", row(head), rule, ...rows].join("\n");
};

const method = `Every event carries its planned time and a sequence number; a step passes only if every stream got every event, undamaged and in order, nothing was closed, at least 98 % of the publishes were accepted in time, and p99 from the planned time to the client is within the bound. The figure is the highest rate that passed (found to within 15 %); medians of interleaved runs, a fresh server for each; ratios are made within a round. Payload 200 bytes, publishing over HTTP on kept connections.`;

/** The whole report as Markdown. */
export const markdownOf = ({ date, journal, machine, loads, results, subjects, missing }: ReportParts): string =>
  [
    "# Benchmark",
    `Measured ${date} by \`npm run bench\`. ${machine.text}. Load average before ${loads[0].toFixed(1)}, after ${loads[1].toFixed(1)}.`,
    `RevenProx ran with its journal ${journal ? "on" : "off"}.`,
    method,
    ["Subjects:", ...subjects.map(({ name, about }) => `- **${name}**: ${about}`)].join("\n"),
    ...(missing.length === 0 ? [] : [["Not measured:", ...missing.map((line) => `- ${line}`)].join("\n")]),
    ...results.map(tableOf),
  ]
    .join("\n\n")
    .concat("\n");
