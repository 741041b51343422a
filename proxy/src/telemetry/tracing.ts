import type { Tracer } from "@opentelemetry/api";
import type { TracingConfig } from "@revenprox/contract/config/proxy-config";
import type { Clock, Log, Random } from "../hub/ports.ts";
import type { DeliveryTracing, RequestTracing } from "../hub/tracing.ts";
import type { Instruments } from "./instruments.ts";
import type { SpanSource } from "./otlp-exporter.ts";
import { isChosen } from "./sampling.ts";
import { parseTraceParent } from "./trace-context.ts";

/** Tracing while it is on. */
export interface Tracing extends RequestTracing, DeliveryTracing {
  /** Sends what still waits, for at most two seconds. */
  stop(): Promise<void>;
}

export interface TracingParts {
  readonly config: TracingConfig;
  readonly source: Omit<SpanSource, "serviceName">;
  readonly clock: Pick<Clock, "now" | "after">;
  readonly random: Random;
  readonly log: Log;
  readonly instruments: Pick<Instruments, "trace_spans_sent_total" | "trace_spans_dropped_total">;
  /** Headers for the receiver. Never rejects. */
  readonly headers: () => Promise<Record<string, string>>;
}

const stopWithinMs = 2_000;

/** Undefined where no endpoint is configured: then nothing of OpenTelemetry is loaded. */
export const startTracing = async (parts: TracingParts): Promise<Tracing | undefined> => {
  const { endpoint } = parts.config;
  return endpoint === undefined ? undefined : build(parts, endpoint);
};

const build = async (parts: TracingParts, endpoint: string): Promise<Tracing> => {
  const { config, source, clock, log, instruments } = parts;
  const [{ createSend, createTracer }, spans, { SpanBatch }] = await Promise.all([
    import("./otlp-exporter.ts"),
    import("./spans.ts"),
    import("./span-batch.ts"),
  ]);
  const { send, stop } = createSend({ endpoint, timeoutMs: config.timeoutMs, headers: parts.headers }, (why) =>
    log.warn(`Spans cannot be delivered to ${endpoint}: ${why}; look whether an OTLP/HTTP receiver listens there`),
  );
  const batch = new SpanBatch({
    maxSpans: config.maxQueueSpans,
    intervalMs: config.exportIntervalMs,
    send,
    sent: (count) => instruments.trace_spans_sent_total.inc(count),
    lost: (count, reason) => instruments.trace_spans_dropped_total.inc({ reason }, count),
    after: clock.after,
  });
  const tracer = createTracer({ ...source, serviceName: config.serviceName }, batch);
  return {
    ...following(parts, tracer, spans),
    stop: async () => {
      await Promise.race([batch.flush(), new Promise<void>((resolve) => void clock.after(stopWithinMs, resolve))]);
      await stop();
    },
  };
};

const following = (
  { config: { ratio, trustParent }, clock, random }: TracingParts,
  tracer: Tracer,
  spans: typeof import("./spans.ts"),
): RequestTracing & DeliveryTracing => ({
  request: (operation, traceparent) => {
    const parent = parseTraceParent(traceparent);
    // Not by the trace id: that is the caller's choice.
    const chosen = parent !== undefined && trustParent ? parent.sampled : random() < ratio;
    if (chosen) return spans.requestSpan(tracer, operation, parent);
    return parent === undefined ? undefined : spans.unrecorded(parent);
  },
  delivering: ({ traceparent, decided }, facts) => {
    const parent = parseTraceParent(traceparent);
    if (parent === undefined) return undefined;
    // By what all proxies that deliver it have in common; without a journal there is no id.
    const chosen = decided || (trustParent ? parent.sampled : isChosen(facts.eventId || traceparent, ratio));
    return chosen ? spans.deliverySpan(tracer, parent, facts, clock.now()) : undefined;
  },
});
