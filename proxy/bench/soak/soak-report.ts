import type { Machine } from "../machine.ts";
import { median } from "../statistics.ts";
import type { SoakFigures, SoakWindow } from "./soak-figures.ts";

export interface SoakReport {
  readonly date: string;
  readonly machine: Machine;
  readonly plan: {
    readonly seconds: number;
    readonly streams: number;
    readonly churnPerSec: number;
    readonly topics: number;
  };
  readonly windows: readonly SoakWindow[];
  readonly figures: SoakFigures;
  readonly reopened: number;
  readonly delivered: number;
}

const whole = (value: number): string => Math.round(value).toLocaleString("en");
const mebibytes = (bytes: number): string => `${whole(bytes / 2 ** 20)} MiB`;

/** So many lines show the course of a run, however long it was. */
const mostLines = 12;

const courseOf = (windows: readonly SoakWindow[]): readonly string[] => {
  const every = Math.ceil(windows.length / mostLines);
  return windows
    .filter((_, index) => index % every === every - 1)
    .map(
      ({ atSec, rssBytes, files, deliveriesPerSec, p50Ms, p99Ms, openP99Ms, cpu }) =>
        `| ${whole(atSec / 60)} | ${mebibytes(rssBytes)} | ${whole(files)} | ${whole(deliveriesPerSec)} | ${p50Ms.toFixed(1)} | ${p99Ms.toFixed(1)} | ${openP99Ms.toFixed(1)} | ${cpu.toFixed(2)} |`,
    );
};

/** The page of a soak. */
export const soakMarkdown = (report: SoakReport): string => {
  const { date, machine, plan, windows, figures, reopened, delivered } = report;
  const rate = median(windows.map(({ deliveriesPerSec }) => deliveriesPerSec)) ?? 0;
  return `# Soak

**${figures.faults.length === 0 ? "Passed" : "Failed"}**, ${date}. Written by \`npm run test:soak\`. ${machine.text}; load average ${machine.load.toFixed(1)}.

One proxy with its journal in NATS, as its image starts it: ${whole(plan.streams)} streams on ${plan.topics} topics for ${whole(plan.seconds / 60)} minutes. Half of them stay. The other half leaves and comes back with \`Last-Event-ID\`, ${plan.churnPerSec} each second, and must then get exactly what follows; nothing may be lost, doubled or out of order on either half.

| | |
| --- | --- |
| Deliveries each second | ${whole(rate)} |
| Deliveries | ${whole(delivered)} |
| Streams that came back | ${whole(reopened)} |
| Lost, doubled, out of order, told as a gap, closed by the proxy | 0 |
| Slope of RSS, without the first fifth | ${figures.slopeMiBPerHour.toFixed(1)} MiB an hour (${figures.riseMiB.toFixed(1)} MiB in the time measured) |
| p99 of deliveries in the quieter windows of the first and the last third | ${figures.p99FirstMs.toFixed(1)} ms, ${figures.p99LastMs.toFixed(1)} ms |
| p99 from connect to first byte, likewise | ${figures.openP99FirstMs.toFixed(1)} ms, ${figures.openP99LastMs.toFixed(1)} ms |
| Most open files that are no stream's, less those before the first | ${figures.extraFiles} |

| minute | RSS | open files | deliveries/s | p50 ms | p99 ms | connect p99 ms | cores |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${courseOf(windows).join("\n")}
`;
};
