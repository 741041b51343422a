import type { Answer, ResponseHeaders } from "../http/answer.ts";
import type { EventSink, OpenStream } from "../hub/ports.ts";

/** Request headers that the data plane reads; only these are kept, so that a request's memory is bounded. */
export const requestHeaders = [
  "accept",
  "authorization",
  "content-encoding",
  "content-length",
  "content-type",
  "host",
  "idempotency-key",
  "last-event-id",
  "origin",
  "sec-fetch-dest",
  "traceparent",
] as const;
export type RequestHeader = (typeof requestHeaders)[number];

/** A request's body. `aborted`: the client is gone, and no answer reaches it. */
export type Body =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "too-large" }
  | { readonly kind: "aborted" };

/**
 * Where a request came from: the socket's other end, and what was said of the way before it. Read it in the same turn
 * of the event loop in which the exchange was handed over.
 */
export interface RequestOrigin {
  /** Address of the socket's other end as text; "" when it is gone. */
  readonly peer: string;
  /** Client in a PROXY protocol header, believed by nobody yet; undefined when there was none. */
  readonly proxied: string | undefined;
  /** All headers of that name in their order, joined by commas. */
  readonly forwardedFor: string | undefined;
  readonly forwarded: string | undefined;
}

/** What opens the stream of a request. An object and no closure: there is one for each connect. */
export interface StreamOpener {
  /** May still return an answer if it wrote nothing. Never throws: in a turn of its own, that would end the process. */
  open(sink: EventSink): OpenStream | Answer;
}

/** One request and its answer, whatever HTTP engine carries it. Exactly one of `respond` and `stream` is called. */
export interface Exchange {
  /** Upper-case. */
  readonly method: string;
  /** As sent, percent-encoded, without the query. */
  readonly path: string;
  /** As sent, without the question mark; empty when there is none. */
  readonly query: string;
  /** The first header of that name; undefined when absent or empty. */
  header(name: RequestHeader): string | undefined;
  /** Must be called in the same turn of the event loop in which the exchange was handed over. */
  origin(): RequestOrigin;
  /**
   * Calls `use` once, when the body is there. Must be called in the same turn of the event loop in which the exchange
   * was handed over. A callback and no promise: nearly every body comes with its head, and is answered in that turn.
   */
  readBody(limit: number, use: (body: Body) => void): void;
  /** Does nothing when the client is gone. A HEAD request gets no body. */
  respond(answer: Answer): void;
  /**
   * Begins an endless 200 answer. The opener is asked at once or in a later turn, unless the client is gone before.
   */
  stream(headers: ResponseHeaders, opener: StreamOpener): void;
}

export type ExchangeHandler = (exchange: Exchange) => void;

/** An HTTP server under way. */
export interface Listening {
  /** The bound port, also where 0 was asked for. */
  readonly port: number;
  /** Takes no further connections; those that are open go on. */
  closeListener(): void;
  /** Cuts every connection. */
  close(): void;
  /** Connections from now on are shown this certificate; those that are open keep theirs. Only where there was one before. Throws when the engine does not take it. */
  useCertificate(certificate: Certificate): void;
}

/** A certificate and its key: PEM files that fit each other, and what was read from them. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** The address is taken or not one of this machine. */
export class CannotListen extends Error {
  override readonly name = "CannotListen";
}

/** The HTTP engine cannot run on this machine. */
export class EngineMissing extends Error {
  override readonly name = "EngineMissing";
}
