import { type Metric, type MetricName, metricName, metrics } from "@revenprox/contract/metrics";
import { Counter, Gauge, Histogram, Registry } from "prom-client";

type Labels<N extends MetricName> = (typeof metrics)[N] extends { labels: readonly (infer L extends string)[] }
  ? L
  : never;

type Instrument<N extends MetricName> = (typeof metrics)[N]["type"] extends "gauge"
  ? Gauge<Labels<N>>
  : (typeof metrics)[N]["type"] extends "counter"
    ? Counter<Labels<N>>
    : Histogram<Labels<N>>;

/** Every metric of the catalogue, by its catalogue name; a wrong label does not compile. */
export type Instruments = { readonly [N in MetricName]: Instrument<N> };

const build = (name: MetricName, metric: Metric, registry: Registry): Gauge | Counter | Histogram => {
  const settings = {
    name: metricName(name),
    help: metric.help,
    labelNames: [...(metric.labels ?? [])],
    registers: [registry],
    aggregator: metric.across ?? ("sum" as const),
  };
  switch (metric.type) {
    case "gauge":
      return new Gauge(settings);
    case "counter":
      return new Counter(settings);
    case "histogram":
      return new Histogram({ ...settings, buckets: [...(metric.buckets ?? [])] });
  }
};

const isMetricName = (name: string): name is MetricName => name in metrics;

/** Builds every instrument of the catalogue into a registry of its own. */
export const buildInstruments = (): { readonly registry: Registry; readonly instruments: Instruments } => {
  const registry = new Registry();
  const entries = Object.entries(metrics).flatMap(([name, metric]) =>
    isMetricName(name) ? [[name, build(name, metric, registry)] as const] : [],
  );
  return { registry, instruments: Object.fromEntries(entries) as unknown as Instruments };
};
