import type { Tracer } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AlwaysOnSampler, type ReadableSpan, TracerProvider } from "@opentelemetry/sdk-trace";
import type { SpanBatch } from "./span-batch.ts";

export interface OtlpSettings {
  /** Base URL; `/v1/traces` is added. */
  readonly endpoint: string;
  readonly timeoutMs: number;
  /** Sent with every batch. Never rejects. */
  readonly headers: () => Promise<Record<string, string>>;
}

/** Sends batches; `failed` is told a code, never what the receiver said. */
export const createSend = (
  { endpoint, timeoutMs, headers }: OtlpSettings,
  failed: (why: string) => void,
): { send(spans: ReadableSpan[]): Promise<boolean>; stop(): Promise<void> } => {
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, "")}/v1/traces`,
    timeoutMillis: timeoutMs,
    headers,
    concurrencyLimit: 1,
  });
  return {
    send: (spans) =>
      new Promise((resolve) =>
        exporter.export(spans, ({ code, error }) => {
          if (code !== 0) failed(error !== undefined && "code" in error ? String(error.code) : "no usable answer");
          resolve(code === 0);
        }),
      ),
    stop: () => exporter.shutdown(),
  };
};

export interface SpanSource {
  readonly serviceName: string;
  readonly version: string;
  /** Name of this process among those of the service. */
  readonly instanceId: string;
}

/** Makes spans and hands the ended ones to `batch`. Whoever starts one has decided that it is recorded. */
export const createTracer = (
  { serviceName, version, instanceId }: SpanSource,
  batch: Pick<SpanBatch<ReadableSpan>, "add" | "flush">,
): Tracer => {
  const resource = resourceFromAttributes({
    "service.name": serviceName,
    "service.version": version,
    "service.instance.id": instanceId,
  });
  const processor = {
    onStart: () => undefined,
    onEnd: (span: ReadableSpan) => batch.add(span),
    forceFlush: () => batch.flush(),
    shutdown: () => batch.flush(),
  };
  return new TracerProvider({ resource, sampler: new AlwaysOnSampler(), spanProcessors: [processor] }).getTracer(
    "revenprox",
    version,
  );
};
