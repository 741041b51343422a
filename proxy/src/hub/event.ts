declare const brand: unique symbol;
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** A topic's name as clients write it: 1-512 bytes of UTF-8 without control characters. Made by `parseTopic`. */
export type Topic = Brand<string, "Topic">;
/** First 16 bytes of SHA-256 of the topic's UTF-8 name, as 32 lower-case hex digits. */
export type TopicId = Brand<string, "TopicId">;
/** An SSE event type: no line ends, no NUL, not reserved. Made by `parseEventType`. */
export type EventType = Brand<string, "EventType">;

/** Where the trace of an event goes on, wherever the event is. */
export interface EventTrace {
  /** As it came, of at most 64 characters: `traceparent` of W3C Trace Context. */
  readonly traceparent: string;
  /** A proxy has decided that the trace is recorded; false: it is the word of somebody who publishes straight to the bus. */
  readonly decided: boolean;
}

/** What a publisher sends. `data` is valid UTF-8; `retry` is in milliseconds, 1,000-60,000. */
export interface PublishedEvent {
  readonly data: Uint8Array;
  readonly type?: EventType;
  readonly retry?: number;
  /** Never there while tracing is off. */
  readonly trace?: EventTrace;
}
