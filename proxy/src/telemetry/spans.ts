import {
  type Attributes,
  type Context,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { DeliveryFacts, DeliverySpan, Span, TracedEnd, TracedStep } from "../hub/tracing.ts";
import { formatTraceParent, type TraceParent } from "./trace-context.ts";

/** Span names and attributes: OpenTelemetry's words where it has some. Never a topic's name, a path, a query or a token. */
const operations = {
  publish: { name: "POST /events/{topic}", method: "POST" },
  subscribe: { name: "GET /events/{topic}", method: "GET" },
} as const;

const messaging = (operation: "send" | "process", topicId: string): Attributes => ({
  "messaging.system": "revenprox",
  "messaging.operation.type": operation,
  "messaging.destination.name": topicId,
});

const contextOf = (parent: TraceParent | undefined): Context => {
  if (parent === undefined) return ROOT_CONTEXT;
  const { traceId, spanId, sampled } = parent;
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
};

const finish = (span: OtelSpan, { status, error, eventId }: TracedEnd): void => {
  if (status !== undefined) span.setAttribute("http.response.status_code", status);
  if (eventId !== undefined) span.setAttribute("messaging.message.id", eventId);
  const failed = error ?? (status !== undefined && status >= 500 ? String(status) : undefined);
  if (failed !== undefined) {
    span.setAttribute("error.type", failed);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
};

const stepOptions = (step: TracedStep): { name: string; kind: SpanKind; attributes: Attributes } => {
  if (step.kind === "journal") {
    const attributes = { ...messaging("send", step.topicId), "messaging.batch.message_count": step.events };
    return { name: "journal append", kind: SpanKind.PRODUCER, attributes };
  }
  const attributes = { "http.request.method": "POST", "server.address": step.host };
  return { name: "webhook", kind: SpanKind.CLIENT, attributes };
};

const recorded = (tracer: Tracer, span: OtelSpan): Span => {
  const { traceId, spanId } = span.spanContext();
  return {
    traceparent: formatTraceParent({ traceId, spanId, sampled: true }),
    traceId,
    recorded: true,
    child: (step) => {
      const { name, ...options } = stepOptions(step);
      return recorded(tracer, tracer.startSpan(name, options, trace.setSpan(ROOT_CONTEXT, span)));
    },
    end: (how) => finish(span, how),
  };
};

/** A request that is recorded; without a parent it is the first of its trace. */
export const requestSpan = (
  tracer: Tracer,
  operation: keyof typeof operations,
  parent: TraceParent | undefined,
): Span => {
  const { name, method } = operations[operation];
  const attributes = { "http.request.method": method, "http.route": "/events/{topic}" };
  return recorded(tracer, tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, contextOf(parent)));
};

/** A request that is not recorded: it hands its caller's trace on, marked as not sampled. */
export const unrecorded = (parent: TraceParent): Span => {
  const span: Span = {
    traceparent: formatTraceParent({ ...parent, sampled: false }),
    traceId: parent.traceId,
    recorded: false,
    child: () => span,
    end: () => undefined,
  };
  return span;
};

/** An event on its way to the streams of this proxy. */
export const deliverySpan = (tracer: Tracer, parent: TraceParent, facts: DeliveryFacts, now: number): DeliverySpan => {
  const attributes = {
    ...messaging("process", facts.topicId),
    ...(facts.eventId === "" ? {} : { "messaging.message.id": facts.eventId }),
    "revenprox.streams": facts.streams,
    "revenprox.age_ms": Math.max(0, now - facts.acceptedAt),
  };
  const span = tracer.startSpan("deliver", { kind: SpanKind.CONSUMER, attributes }, contextOf(parent));
  return { end: () => span.end() };
};
