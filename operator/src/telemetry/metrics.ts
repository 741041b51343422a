import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

const prefix = "revenprox_operator_";

/** What the gauges read at each scrape. */
export interface Readings {
  readonly queueDepth: () => number;
  readonly longestRunningSeconds: () => number;
  readonly lastEventAgeSeconds: () => number;
  readonly resources: () => number;
}

/** The operator's own metrics; no label names a resource. */
export interface Metrics {
  reconciled(result: "done" | "retry-after" | "failed", seconds: number): void;
  listed(kind: string): void;
  watchInterrupted(kind: string): void;
  wrote(kind: string, outcome: string): void;
  statusWritten(): void;
  /** Prometheus text and its content type. */
  scrape(): Promise<{ readonly body: string; readonly contentType: string }>;
}

export const createMetrics = (readings: Readings, version: string): Metrics => {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  gauges(registry, readings);
  new Gauge({
    name: `${prefix}build_info`,
    help: "1, with the version as label",
    labelNames: ["version"],
    registers,
  }).set({ version }, 1);

  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name: `${prefix}${name}`, help, labelNames, registers });
  const reconciles = counter("reconcile_total", "Passes over a RevenProx by result", ["result"]);
  for (const result of ["done", "retry-after", "failed"]) reconciles.inc({ result }, 0);
  const errors = counter("reconcile_errors_total", "Passes over a RevenProx that failed and are tried again", []);
  const lists = counter(
    "list_total",
    "Lists asked for, by kind: at start, and when the API server forgot our version",
    ["kind"],
  );
  const interruptions = counter("watch_restarts_total", "Watches that broke and were opened again, by kind", ["kind"]);
  const writes = counter("child_writes_total", "Children by kind and what became of them, those in order left out", [
    "kind",
    "outcome",
  ]);
  const statuses = counter("status_writes_total", "Status patches", []);
  const duration = new Histogram({
    name: `${prefix}reconcile_duration_seconds`,
    help: "Seconds a pass over a RevenProx took",
    buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30],
    registers,
  });
  return {
    reconciled: (result, seconds) => {
      reconciles.inc({ result });
      if (result === "failed") errors.inc();
      duration.observe(seconds);
    },
    listed: (kind) => lists.inc({ kind }),
    watchInterrupted: (kind) => interruptions.inc({ kind }),
    wrote: (kind, outcome) => writes.inc({ kind, outcome }),
    statusWritten: () => statuses.inc(),
    scrape: async () => ({ body: await registry.metrics(), contentType: registry.contentType }),
  };
};

const gauges = (registry: Registry, readings: Readings): void => {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `${prefix}${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge("workqueue_depth", "RevenProxes that wait for a worker", readings.queueDepth);
  gauge(
    "workqueue_longest_running_processor_seconds",
    "Seconds the slowest running pass has taken",
    readings.longestRunningSeconds,
  );
  gauge(
    "watch_last_event_age_seconds",
    "Seconds since the quietest watch heard anything; about 60 at most in good order",
    readings.lastEventAgeSeconds,
  );
  gauge("resources", "RevenProxes known", readings.resources);
};
