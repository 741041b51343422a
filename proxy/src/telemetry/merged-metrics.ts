import { type MetricName, metricName, metrics } from "@revenprox/contract/metrics";
import { AggregatorRegistry } from "prom-client";
import type { MetricValues, Scrape } from "./scrape.ts";

/** Gauges in which the supervisor's own process counts, or which only it can know. */
const supervisors: readonly MetricName[] = [
  "memory_used_bytes",
  "memory_limit_bytes",
  "cpu_usage_percent",
  "fd_used",
  "goroutines",
  "build_info",
  "connections_limit",
  "topics_active",
  "config_rejected",
];
/** Of these, those that the loops know only for themselves. */
const onlySupervisors: readonly MetricName[] = ["connections_limit", "topics_active"];

const namesOf = (names: readonly MetricName[]): ReadonlySet<string> => new Set(names.map(metricName));
const kept = namesOf(supervisors);
const leftOut = namesOf(onlySupervisors);
const gauges: ReadonlySet<string> = new Set(
  Object.entries(metrics).flatMap(([name, { type }]) => (type === "gauge" ? [metricName(name as MetricName)] : [])),
);

/** The metrics of several event loops as one proxy's. */
export class MergedMetrics {
  /** Counters and histograms of loops that have ended: without them a sum would fall, which reads as a restart from zero. */
  #ended: readonly MetricValues[] = [];
  readonly #last = new Map<number, MetricValues>();

  /** `loops` are those that have answered; of the others what they said last counts. */
  async scrape(own: MetricValues, loops: ReadonlyMap<number, MetricValues>): Promise<Scrape> {
    for (const [loop, values] of loops) this.#last.set(loop, values);
    const alone = this.#last.size === 0;
    const all = AggregatorRegistry.aggregate([
      own.filter(({ name }) => alone || kept.has(name) || !gauges.has(name)),
      ...this.#ended,
      ...[...this.#last.values()].map((values) => values.filter(({ name }) => !leftOut.has(name))),
    ]);
    await this.#fold();
    return { contentType: all.contentType, text: await all.metrics() };
  }

  /** The loop is gone; what it counted since the last scrape is lost. */
  ended(loop: number): void {
    const values = this.#last.get(loop);
    if (values === undefined) return;
    this.#last.delete(loop);
    this.#ended = [...this.#ended, values.filter(({ name }) => !gauges.has(name))];
  }

  /** However many loops have ended, one set of values is kept of them. */
  async #fold(): Promise<void> {
    const before = this.#ended;
    if (before.length < 2) return;
    const together = await AggregatorRegistry.aggregate([...before]).getMetricsAsJSON();
    if (this.#ended === before) this.#ended = [together];
  }
}
