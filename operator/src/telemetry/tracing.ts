import type { Span as OtelSpan, Tracer } from "@opentelemetry/api";

/** A pass over a resource, or a step of it. */
export interface PassSpan {
  step(name: string, attributes: Readonly<Record<string, string>>): PassSpan;
  /** `outcome` is a word of ours; `failed` marks the span. */
  end(outcome: string, failed: boolean): void;
}

/** A pass that writes children, or a report on what became of them. */
export type PassName = "reconcile" | "report";

/** Follows passes as traces of their own. */
export interface PassTracing {
  /** Undefined: this pass is not recorded. */
  begin(pass: PassName, resource: { readonly namespace: string; readonly name: string }): PassSpan | undefined;
  /** Sends what still waits, for at most two seconds. */
  stop(): Promise<void>;
}

export interface TracingSettings {
  /** Base URL of an OTLP/HTTP receiver; undefined: no tracing. */
  readonly endpoint: string | undefined;
  /** Share of the passes that are recorded. */
  readonly ratio: number;
}

export interface TracingParts {
  readonly settings: TracingSettings;
  readonly version: string;
  /** Name of this process among the operator's. */
  readonly instanceId: string;
  readonly random: () => number;
}

const stopWithinMs = 2_000;

type Sdk = Pick<typeof import("@opentelemetry/api"), "trace" | "ROOT_CONTEXT" | "SpanStatusCode">;

const spanOf = (sdk: Sdk, tracer: Tracer, span: OtelSpan): PassSpan => ({
  step: (name, attributes) =>
    spanOf(sdk, tracer, tracer.startSpan(name, { attributes }, sdk.trace.setSpan(sdk.ROOT_CONTEXT, span))),
  end: (outcome, failed) => {
    span.setAttribute("revenprox.outcome", outcome);
    if (failed) span.setStatus({ code: sdk.SpanStatusCode.ERROR }).setAttribute("error.type", outcome);
    span.end();
  },
});

/** Undefined without an endpoint: then nothing of OpenTelemetry is loaded. */
export const startTracing = async (parts: TracingParts): Promise<PassTracing | undefined> => {
  const { settings, version, instanceId, random } = parts;
  const { endpoint, ratio } = settings;
  if (endpoint === undefined) return undefined;
  const [sdk, { OTLPTraceExporter }, { resourceFromAttributes }, trace] = await Promise.all([
    import("@opentelemetry/api"),
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("@opentelemetry/resources"),
    import("@opentelemetry/sdk-trace"),
  ]);
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, "")}/v1/traces` });
  const provider = new trace.TracerProvider({
    resource: resourceFromAttributes({
      "service.name": "revenprox-operator",
      "service.version": version,
      "service.instance.id": instanceId,
    }),
    sampler: new trace.AlwaysOnSampler(),
    // A pass has a handful of spans; what does not fit is dropped.
    spanProcessors: [new trace.BatchSpanProcessor({ exporter, maxQueueSize: 2_048 })],
  });
  const tracer = provider.getTracer("revenprox-operator", version);
  return {
    begin: (pass, { namespace, name }) => {
      if (random() >= ratio) return undefined;
      const attributes = { "k8s.namespace.name": namespace, "revenprox.name": name };
      return spanOf(sdk, tracer, tracer.startSpan(pass, { attributes, root: true }));
    },
    stop: async () => {
      const late = new Promise<void>((resolve) => void setTimeout(resolve, stopWithinMs).unref());
      await Promise.race([provider.shutdown(), late]);
    },
  };
};
