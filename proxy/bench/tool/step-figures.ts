import { percentile } from "../statistics.ts";
import type { Counts, Published } from "./load-tool.ts";
import type { Usage } from "./process-table.ts";

export interface StepMeasured {
  readonly wanted: { readonly p99Ms: number; readonly fanOut: number; readonly millis: number };
  readonly published: Published;
  readonly counts: readonly Counts[];
  readonly before: { readonly server: Usage; readonly tool: Usage };
  readonly after: { readonly server: Usage; readonly tool: Usage };
}

export interface StepFigures {
  readonly passed: boolean;
  /** Why it did not pass. */
  readonly why: string | undefined;
  /** Of publishing. */
  readonly seconds: number;
  readonly deliveriesPerSec: number;
  readonly acceptedPerSec: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** From the planned time to the publisher's answer. */
  readonly answerP50Ms: number;
  readonly answerP99Ms: number;
  readonly serverCpuSeconds: number;
  readonly cpuMicrosPerDelivery: number;
  readonly toolCpuSeconds: number;
  readonly serverRss: number;
  readonly bytesPerDelivery: number;
}

/** So much of what was planned must have been accepted. */
const leastAccepted = 0.98;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const faultOf = ({ wanted, published, counts }: StepMeasured, p99Ms: number): string | undefined => {
  const total = (field: "delivered" | "disordered" | "damaged" | "misrouted" | "closed"): number =>
    sum(counts.map((count) => count[field]));
  const missing = published.accepted * wanted.fanOut - total("delivered");
  const faults: readonly (readonly [bad: boolean, text: string])[] = [
    [published.failed > 0, `${published.failed} publishes failed: ${published.fault}`],
    [total("closed") > 0, `${total("closed")} streams were closed: ${counts.find(({ fault }) => fault !== "")?.fault}`],
    [total("damaged") > 0, `${total("damaged")} events arrived damaged`],
    [total("misrouted") > 0, `${total("misrouted")} events came to the wrong stream`],
    [total("disordered") > 0, `${total("disordered")} events were lost, doubled or out of order`],
    [missing > 0, `${missing} deliveries are missing`],
    [missing < 0, `${-missing} deliveries too many`],
    [
      published.accepted < published.planned * leastAccepted,
      `${published.accepted} of ${published.planned} publishes were accepted in time`,
    ],
    [!(p99Ms <= wanted.p99Ms), `p99 was ${p99Ms.toFixed(1)} ms`],
  ];
  return faults.find(([bad]) => bad)?.[1];
};

/** What a step came to, and whether it passed: nothing missing, order right, nothing closed, fast enough. */
export const stepFigures = (measured: StepMeasured): StepFigures => {
  const { published, counts, before, after, wanted } = measured;
  const delivered = sum(counts.map((count) => count.delivered));
  const lastNanos = Math.max(...counts.map((count) => count.lastNanos));
  const seconds = Math.max(wanted.millis / 1_000, (lastNanos - published.startNanos) / 1e9);
  const latency = (part: number): number =>
    percentile(
      counts.map((count) => count.latency),
      part,
    ) ?? Number.NaN;
  const serverCpuSeconds = after.server.cpuSeconds - before.server.cpuSeconds;
  const publishSeconds = Math.max(wanted.millis, published.millis) / 1_000;
  const judged = wanted.fanOut === 0 ? percentile([published.answers], 0.99) : latency(0.99);
  const why = faultOf(measured, judged ?? Number.NaN);
  return {
    passed: why === undefined,
    why,
    deliveriesPerSec: delivered / seconds,
    seconds: publishSeconds,
    acceptedPerSec: published.accepted / publishSeconds,
    p50Ms: latency(0.5),
    p99Ms: latency(0.99),
    answerP50Ms: percentile([published.answers], 0.5) ?? Number.NaN,
    answerP99Ms: percentile([published.answers], 0.99) ?? Number.NaN,
    serverCpuSeconds,
    cpuMicrosPerDelivery: (serverCpuSeconds * 1e6) / delivered,
    toolCpuSeconds: after.tool.cpuSeconds - before.tool.cpuSeconds,
    serverRss: after.server.rss,
    bytesPerDelivery: sum(counts.map((count) => count.bytes)) / delivered,
  };
};
