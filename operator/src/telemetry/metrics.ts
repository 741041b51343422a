import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

const prefix = "revenprox_operator_";

/** `reconcile` writes children, `status` what became of them. */
export type QueueName = "reconcile" | "status";
const queueNames: readonly QueueName[] = ["reconcile", "status"];

export interface QueueReadings {
  readonly depth: () => number;
  readonly longestRunningSeconds: () => number;
}

/** What the gauges read at each scrape. */
export interface Readings {
  readonly queues: Readonly<Record<QueueName, QueueReadings>>;
  readonly lastEventAgeSeconds: () => number;
  readonly resources: () => number;
  readonly cachedObjects: () => number;
  readonly leads: () => boolean;
  /** Fields that the API server drops; undefined: not known. */
  readonly missingFields: () => number | undefined;
}

/** The operator's own metrics; no label names a resource. */
export interface Metrics {
  reconciled(result: "done" | "retry-after" | "failed", seconds: number): void;
  listed(kind: string): void;
  watchInterrupted(kind: string): void;
  wrote(kind: string, outcome: string): void;
  statusWritten(): void;
  /** A look at the load of a resource with autoscaling by streams, and what came of it. */
  autoscalingDecided(reason: string): void;
  leadershipGained(): void;
  /** A report on a resource failed and is tried again. */
  reportFailed(): void;
  keyAdded(queue: QueueName): void;
  keyRetried(queue: QueueName): void;
  keyTaken(queue: QueueName, waitedSeconds: number): void;
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
  const errors = counter(
    "reconcile_errors_total",
    "Passes over a RevenProx, and reports on it, that failed and are tried again",
    [],
  );
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
  const decisions = counter(
    "autoscaling_decisions_total",
    "Looks at the streams of RevenProxes with autoscaling, by what was found",
    ["reason"],
  );
  const terms = counter("leader_terms_total", "Times this operator became the leader", []);
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
    listed: (kind) => {
      lists.inc({ kind });
      // A list is followed by a watch: without a 0 now, its first restart would be no increase to Prometheus.
      interruptions.inc({ kind }, 0);
    },
    watchInterrupted: (kind) => interruptions.inc({ kind }),
    wrote: (kind, outcome) => writes.inc({ kind, outcome }),
    statusWritten: () => statuses.inc(),
    autoscalingDecided: (reason) => decisions.inc({ reason }),
    leadershipGained: () => terms.inc(),
    reportFailed: () => errors.inc(),
    ...queueMetrics(registry),
    scrape: async () => ({ body: await registry.metrics(), contentType: registry.contentType }),
  };
};

const queueMetrics = (registry: Registry): Pick<Metrics, "keyAdded" | "keyRetried" | "keyTaken"> => {
  const registers = [registry];
  const counter = (name: string, help: string) =>
    new Counter({ name: `${prefix}workqueue_${name}`, help, labelNames: ["name"], registers });
  const adds = counter("adds_total", "Keys put into a queue");
  const retries = counter("retries_total", "Keys put back into a queue after a failure");
  for (const name of queueNames) for (const each of [adds, retries]) each.inc({ name }, 0);
  const waits = new Histogram({
    name: `${prefix}workqueue_queue_duration_seconds`,
    help: "Seconds a key waited for a worker",
    buckets: [0.001, 0.01, 0.1, 1, 10, 60],
    labelNames: ["name"],
    registers,
  });
  return {
    keyAdded: (name) => adds.inc({ name }),
    keyRetried: (name) => retries.inc({ name }),
    keyTaken: (name, waitedSeconds) => waits.observe({ name }, waitedSeconds),
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
  const queueGauge = (name: string, help: string, read: (queue: QueueReadings) => number) =>
    new Gauge({
      name: `${prefix}workqueue_${name}`,
      help,
      labelNames: ["name"],
      registers: [registry],
      collect() {
        for (const queue of queueNames) this.set({ name: queue }, read(readings.queues[queue]));
      },
    });
  queueGauge("depth", "RevenProxes that wait for a worker", ({ depth }) => depth());
  queueGauge("longest_running_processor_seconds", "Seconds the slowest running pass has taken", (queue) =>
    queue.longestRunningSeconds(),
  );
  gauge(
    "watch_last_event_age_seconds",
    "Seconds since the quietest watch heard anything; about 60 at most in good order",
    readings.lastEventAgeSeconds,
  );
  gauge("resources", "RevenProxes known", readings.resources);
  gauge("cached_objects", "Objects of all kinds kept in memory", readings.cachedObjects);
  gauge(
    "served_crd_missing_fields",
    "Fields of this release that the CRD in the cluster lacks, so that the API server drops them; -1 while not known",
    () => readings.missingFields() ?? -1,
  );
  gauge("leader", "1 while this operator leads, 0 while it stands by", () => Number(readings.leads()));
};
