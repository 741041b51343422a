import { type Metric, type MetricName, metricName, metrics } from "@revenprox/contract/metrics";
import { Counter, Gauge, type Histogram, Registry } from "prom-client";
import { PlainHistogram } from "./plain-histogram.ts";

type Labels<N extends MetricName> = (typeof metrics)[N] extends { labels: readonly (infer L extends string)[] }
  ? L
  : never;

type Instrument<N extends MetricName> = (typeof metrics)[N]["type"] extends "gauge"
  ? Gauge<Labels<N>>
  : (typeof metrics)[N]["type"] extends "counter"
    ? Counter<Labels<N>>
    : PlainHistogram;

/** Every metric of the catalogue, by its catalogue name; a wrong label does not compile. */
export type Instruments = { readonly [N in MetricName]: Instrument<N> };

const build = (name: MetricName, metric: Metric, registry: Registry): Gauge | Counter | PlainHistogram => {
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
    case "histogram": {
      const { help, aggregator } = settings;
      const histogram = new PlainHistogram({ name: settings.name, help, aggregator, buckets: metric.buckets ?? [] });
      // The registry asks a metric for its name and its values only.
      registry.registerMetric(histogram as unknown as Histogram);
      return histogram;
    }
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
