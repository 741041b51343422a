import type { EventTrace, TopicId } from "./event.ts";

/** What a delivery's span tells. */
export interface DeliveryFacts {
  readonly topicId: TopicId;
  /** Empty where nothing is stored. */
  readonly eventId: string;
  /** Milliseconds of this process's clock. */
  readonly acceptedAt: number;
  /** Streams of this proxy that get the event. */
  readonly streams: number;
}

/** One event on its way to all streams of its topic on this proxy. */
export interface DeliverySpan {
  /** It was written to the last of them. */
  end(): void;
}

/** Follows events whose trace is recorded. Called for events that carry a trace only. */
export interface DeliveryTracing {
  /** Undefined: the trace is not recorded. */
  delivering(trace: EventTrace, facts: DeliveryFacts): DeliverySpan | undefined;
}

/** What is done for a request, as a step of its own. */
export type TracedStep =
  | { readonly kind: "journal"; readonly topicId: TopicId; readonly events: number }
  | { readonly kind: "webhook"; readonly host: string };

/** How a step or request ended. `error` is a word of ours, never what somebody else said. */
export interface TracedEnd {
  /** HTTP status. */
  readonly status?: number;
  readonly error?: string;
  readonly eventId?: string;
}

/** A request or a step of it, whether it is recorded or only passes on its caller's trace. */
export interface Span {
  /** `traceparent` of W3C Trace Context for what comes after. */
  readonly traceparent: string;
  readonly traceId: string;
  readonly recorded: boolean;
  child(step: TracedStep): Span;
  end(how: TracedEnd): void;
}

/** Follows requests. */
export interface RequestTracing {
  /** `traceparent` as the caller sent it. Undefined: there is nothing to record and nothing to pass on. */
  request(operation: "publish" | "subscribe", traceparent: string | undefined): Span | undefined;
}
