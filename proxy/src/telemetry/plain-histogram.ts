import type { Aggregator } from "prom-client";

export interface HistogramOf {
  readonly name: string;
  readonly help: string;
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[];
  readonly aggregator: Aggregator;
}

/** A histogram without labels. That of `prom-client` makes four objects and looks for labels with every value. */
export class PlainHistogram {
  readonly type = "histogram";
  readonly name: string;
  readonly help: string;
  readonly aggregator: Aggregator;
  readonly #bounds: readonly number[];
  /** Values of each bucket alone; the last are those above all bounds. */
  readonly #counts: number[];
  #sum = 0;

  constructor({ name, help, buckets, aggregator }: HistogramOf) {
    this.name = name;
    this.help = help;
    this.aggregator = aggregator;
    this.#bounds = buckets;
    this.#counts = [...buckets, 0].map(() => 0);
  }

  observe(value: number): void {
    let bucket = 0;
    for (const bound of this.#bounds) {
      if (value <= bound) break;
      bucket += 1;
    }
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  /** As the registry asks for it. */
  async get() {
    const { name, help, type, aggregator } = this;
    let upTo = 0;
    const buckets = this.#counts.map((count, index) => {
      upTo += count;
      return { labels: { le: this.#bounds[index] ?? "+Inf" }, value: upTo, metricName: `${name}_bucket` };
    });
    const sum = { labels: {}, value: this.#sum, metricName: `${name}_sum` };
    const count = { labels: {}, value: upTo, metricName: `${name}_count` };
    return { name, help, type, aggregator, values: [...buckets, sum, count] };
  }
}
