import type { ConformanceCase } from "./case.ts";
import { engines } from "./engines.ts";
import { sections } from "./sections.ts";

const cell = (text: string): string => text.replaceAll("|", "\\|");

const wptFolder = "https://github.com/web-platform-tests/wpt/tree/master/eventsource";

const row = ({ name, demand, section, wpt, judges }: ConformanceCase): string => {
  const { title, address } = sections[section];
  const cells = [
    `\`${name}\``,
    cell(demand),
    `[${title}](${address})`,
    wpt ?? "",
    judges.join(", "),
    engines.join(", "),
  ];
  return `| ${cells.join(" | ")} |`;
};

const head = ["Case", "Demand", "Section", `[WPT](${wptFolder}) file`, "Judges", "Engines"];

/** The page `docs/conformance.md`. */
export const conformancePage = (cases: readonly ConformanceCase[]): string =>
  [
    "<!-- Generated from proxy/conformance/cases by `npm run generate`. -->",
    "",
    "# Conformance with the event stream standard",
    "",
    "`npm run test:conformance` runs each of these cases against real proxy processes on both engines (`[http] engine`). The judges are headless Chromium's EventSource (`chromium`), the npm packages `eventsource` and `eventsource-parser`, and, where bytes or headers count, a plain socket (`wire`).",
    "",
    "What is published comes out equal, but for line ends: CRLF, CR and LF in a payload each end a line to the standard, and come out as LF. Beside the cases a fuzz publishes random events, line ends, control characters and field names among them, and demands that the three parsers read the same type, data and id; its seed is printed.",
    "",
    `| ${head.join(" | ")} |`,
    `| ${head.map(() => "---").join(" | ")} |`,
    ...cases.map(row),
    "",
  ].join("\n");
