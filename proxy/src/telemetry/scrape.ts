import { dropReasons, refusalReasons } from "@revenprox/contract/metrics";
import type { Registry } from "prom-client";
import { buildInstruments, type Instruments } from "./instruments.ts";
import { processMetrics } from "./process-metrics.ts";

/** Answer to a scrape. */
interface Scrape {
  readonly contentType: string;
  readonly text: string;
}

/** The process's metrics: what counts, and how they are read. */
export interface Metrics {
  readonly instruments: Instruments;
  /** Runs before each scrape; for gauges that are read from elsewhere. */
  beforeScrape(refresh: () => void): void;
  scrape(): Promise<Scrape>;
}

/** Every series exists from the start, so that `rate()` sees the first increase. */
const presetLabels = (instruments: Instruments): void => {
  for (const reason of refusalReasons) instruments.refusals_total.inc({ reason }, 0);
  for (const reason of dropReasons) instruments.drops_total.inc({ reason }, 0);
};

/** Builds the metrics of this process. */
export const createMetrics = (): Metrics => {
  const built: { readonly registry: Registry; readonly instruments: Instruments } = buildInstruments();
  presetLabels(built.instruments);
  const refreshProcess = processMetrics(built.instruments);
  const refreshes: (() => void)[] = [];
  return {
    instruments: built.instruments,
    beforeScrape: (refresh) => {
      refreshes.push(refresh);
    },
    scrape: async () => {
      await refreshProcess();
      for (const refresh of refreshes) refresh();
      return { contentType: built.registry.contentType, text: await built.registry.metrics() };
    },
  };
};
