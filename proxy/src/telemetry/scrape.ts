import {
  dropReasons,
  journalReadSources,
  moveReasons,
  refusalReasons,
  requestClasses,
  requestRoutes,
  resumeResults,
  spanLosses,
} from "@revenprox/contract/metric-labels";
import type { Registry } from "prom-client";
import { buildInstruments, type Instruments } from "./instruments.ts";
import { type ProcessFacts, processMetrics } from "./process-metrics.ts";
import { type Counts, tallied } from "./tallied.ts";

/** Answer to a scrape. */
export interface Scrape {
  readonly contentType: string;
  readonly text: string;
}

/** Every metric of one process, as `prom-client` adds them up. */
export type MetricValues = Awaited<ReturnType<Registry["getMetricsAsJSON"]>>;

/** The process's metrics: what counts, and how they are read. */
export interface Metrics {
  readonly instruments: Instruments;
  /** Runs before each scrape; for gauges that are read from elsewhere. */
  beforeScrape(refresh: () => void): void;
  /**
   * What counts for this instrument, one by default: in a plain number, which reaches it with the next scrape. For what
   * happens with every connect and event, since the instrument itself looks its labels up and makes an object each time.
   */
  tallied(instrument: Counts): (by?: number) => void;
  scrape(): Promise<Scrape>;
  /** What a scrape tells, to be added to that of other event loops. */
  values(): Promise<MetricValues>;
}

/** Every series exists from the start, so that `rate()` sees the first increase. */
const presetLabels = (instruments: Instruments): void => {
  for (const reason of refusalReasons) instruments.refusals_total.inc({ reason }, 0);
  for (const source of journalReadSources) instruments.journal_reads_total.inc({ source }, 0);
  for (const reason of moveReasons) instruments.streams_moved_total.inc({ reason }, 0);
  for (const reason of dropReasons) instruments.drops_total.inc({ reason }, 0);
  for (const result of resumeResults) instruments.resumes_total.inc({ result }, 0);
  for (const route of requestRoutes)
    for (const outcome of requestClasses) instruments.requests_total.inc({ route, class: outcome }, 0);
  for (const reason of spanLosses) instruments.trace_spans_dropped_total.inc({ reason }, 0);
};

/** Builds the metrics of this process. */
export const createMetrics = (facts: ProcessFacts): Metrics => {
  const built: { readonly registry: Registry; readonly instruments: Instruments } = buildInstruments();
  presetLabels(built.instruments);
  const refreshProcess = processMetrics(built.instruments, facts);
  const refreshes: (() => void)[] = [];
  const refreshAll = async (): Promise<void> => {
    await refreshProcess();
    for (const refresh of refreshes) refresh();
  };
  const beforeScrape = (refresh: () => void): void => {
    refreshes.push(refresh);
  };
  return {
    instruments: built.instruments,
    beforeScrape,
    tallied: (instrument) => tallied(beforeScrape, instrument),
    scrape: async () => {
      await refreshAll();
      return { contentType: built.registry.contentType, text: await built.registry.metrics() };
    },
    values: async () => {
      await refreshAll();
      return built.registry.getMetricsAsJSON();
    },
  };
};
