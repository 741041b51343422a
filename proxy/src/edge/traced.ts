import type { Answer } from "../http/answer.ts";
import type { EventTrace, PublishedEvent, TopicId } from "../hub/event.ts";
import { formatEventId } from "../hub/event-id.ts";
import type { BatchResult } from "../hub/publish-batch.ts";
import type { PublishResult } from "../hub/publish-once.ts";
import { type Soon, whenThere } from "../hub/soon.ts";
import type { RequestTracing, Span, TracedEnd } from "../hub/tracing.ts";
import type { Exchange } from "./exchange.ts";
import type { Answered, Handle } from "./handle.ts";
import { type Between, WrappedExchange } from "./wrapped-exchange.ts";

/** A handler that is told the span of its request; undefined while the request is neither recorded nor part of a trace. */
export type TracedHandle = (exchange: Exchange, span?: Span) => Answered;

/** Ends the span with its answer. Whoever opens a stream, or finds that the client is gone, ends it where there is none. */
const ended = async (span: Span, answered: Answered): Promise<Answer | undefined> => {
  try {
    const answer = await answered;
    if (answer !== undefined) span.end({ status: answer.status });
    return answer;
  } catch (error) {
    span.end({ status: 500 });
    throw error;
  }
};

/** Ends the span with what is answered on the exchange. */
const watched = (span: Span): Between => ({
  respond: (answer) => {
    span.end({ status: answer.status });
    return answer;
  },
  open: (opened) => opened,
});

/** `handle`, followed as a span. Without tracing it is `handle` itself. */
export const traced = (
  tracing: RequestTracing | undefined,
  operation: "publish" | "subscribe",
  handle: TracedHandle,
): Handle => {
  if (tracing === undefined) return handle;
  return (exchange) => {
    if (exchange.method === "HEAD") return handle(exchange);
    const span = tracing.request(operation, exchange.header("traceparent"));
    if (span === undefined) return handle(exchange);
    return ended(span, handle(new WrappedExchange(exchange, watched(span)), span));
  };
};

/** `event`, with the trace that its delivery belongs to. */
export const withTrace = (event: PublishedEvent, trace: EventTrace | undefined): PublishedEvent =>
  trace === undefined ? event : { ...event, trace };

const endOf = (result: PublishResult | BatchResult): TracedEnd => {
  if (result.kind === "stored") return { eventId: formatEventId(result.cursor.epoch, result.cursor.sequence) };
  return result.kind === "results" || result.kind === "sent" ? {} : { error: result.kind };
};

/** Stores events as a step of the request; they carry the trace that `store` is given. */
export const tracedStore = <R extends PublishResult | BatchResult>(
  span: Span | undefined,
  step: { readonly topicId: TopicId; readonly events: number },
  store: (trace: EventTrace | undefined) => Soon<R>,
): Soon<R> => {
  if (span === undefined || !span.recorded) return store(undefined);
  const append = span.child({ kind: "journal", ...step });
  return whenThere(store({ traceparent: append.traceparent, decided: true }), (result) => {
    append.end(endOf(result));
    return result;
  });
};
