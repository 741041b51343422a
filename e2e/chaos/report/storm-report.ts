import type { Verdict } from "../check/checker.ts";
import type { ReadCount } from "../storm/read-count.ts";
import { mostReads, type StormPlan } from "../storm/storm-plan.ts";

export interface StormResult {
  readonly plan: StormPlan;
  readonly date: string;
  readonly machine: string;
  readonly command: string;
  readonly verdict: Verdict;
  /** What makes the run worthless, or was found in the journal itself. */
  readonly faults: readonly string[];
  /** Until so many clients had everything. */
  readonly seconds: { readonly half: number; readonly most: number; readonly all: number };
  readonly reads: ReadCount;
  /** The same reads, all kinds together, by the proxies' metric journal_reads_total; a little later than `reads`. */
  readonly readsTheyCounted: number;
  readonly peakMemoryMib: Readonly<Record<string, number>>;
  /** Of the surviving proxies before the storm. */
  readonly calmMemoryMib: Readonly<Record<string, number>>;
}

export const stormPassed = ({ plan, verdict, faults, reads }: StormResult): boolean =>
  verdict.offences.total === 0 && faults.length === 0 && reads.events <= mostReads(plan);

const number = (value: number): string => value.toLocaleString("en-US");
const memory = (values: Readonly<Record<string, number>>): string =>
  Object.entries(values)
    .map(([proxy, mib]) => `${proxy}: ${Math.round(mib)} MiB`)
    .join(", ");

/** The storm as a page for people. */
export const stormMarkdown = (result: StormResult): string => {
  const { plan, date, machine, command, verdict, faults, seconds, reads } = result;
  const { clients, topics, proxies, eventsAway } = plan;
  const topicsTimesProxies = topics * (proxies - 1);
  const due = clients * eventsAway;
  return `# Resume storm

**${stormPassed(result) ? "Passed" : "FAILED"}**, ${date}. Written by \`${command}\`. ${machine}; servers, proxies and clients share it.

${number(clients)} clients listen to ${number(topics)} topics at one proxy. It is killed; ${eventsAway} events of each topic are published while all clients are away; then all of them come back at once, with \`Last-Event-ID\`, to ${proxies - 1} proxies that have never followed these topics.

| | |
| --- | --- |
| Half of the clients level after | ${seconds.half.toFixed(2)} s |
| 99 % of the clients level after | ${seconds.most.toFixed(2)} s |
| All clients level after | ${seconds.all.toFixed(2)} s |
| Events that were due to them | ${number(due)}, ${number(Math.round(due / seconds.all))} a second |
| Requests to NATS for events | ${number(reads.events)}: ${(reads.events / topicsTimesProxies).toFixed(2)} for each topic of a proxy, ${(reads.events / clients).toFixed(2)} for each client |
| Requests to NATS for last sequences (first comparisons of topics, up to 1,000 in one; proofs that a page reaches the end) | ${number(reads.tails)} |
| Requests to the journal's leader | ${number(reads.leader)} |
| All of these as the proxies' metric journal_reads_total counts them | ${number(result.readsTheyCounted)} |
| Memory before the storm | ${memory(result.calmMemoryMib)} |
| Peak memory | ${memory(result.peakMemoryMib)} |
| Streams of several clients share a topic at a proxy | ${(clients / topicsTimesProxies).toFixed(1)} on average |
| NATS servers, replicas of the journal | ${plan.natsNodes} |
| Events delivered in the whole run | ${number(verdict.delivered)} |
| Lost, doubled, out of order, false gaps and all else that the checker knows | ${number(verdict.offences.total)} |
${faults.map((fault) => `\n- ${fault}`).join("")}`;
};
