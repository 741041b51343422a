import type { Answer, ResponseHeaders } from "../http/answer.ts";
import type { OpenStream } from "../hub/ports.ts";
import type { Body, Exchange, RequestHeader, RequestOrigin, StreamOpener } from "./exchange.ts";

/** What stands between a handler and its exchange: each is given what the handler said, and says what is sent. */
export interface Between {
  readonly respond: (answer: Answer) => Answer;
  readonly open: (opened: OpenStream | Answer) => OpenStream | Answer;
}

/** An exchange of which a part is seen, or changed, on its way to the client. */
export class WrappedExchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly #inner: Exchange;
  readonly #between: Between;

  constructor(inner: Exchange, between: Between) {
    this.method = inner.method;
    this.path = inner.path;
    this.query = inner.query;
    this.#inner = inner;
    this.#between = between;
  }

  header(name: RequestHeader): string | undefined {
    return this.#inner.header(name);
  }

  origin(): RequestOrigin {
    return this.#inner.origin();
  }

  readBody(limit: number, use: (body: Body) => void): void {
    this.#inner.readBody(limit, use);
  }

  respond(answer: Answer): void {
    this.#inner.respond(this.#between.respond(answer));
  }

  stream(headers: ResponseHeaders, opener: StreamOpener): void {
    this.#inner.stream(headers, { open: (sink) => this.#between.open(opener.open(sink)) });
  }
}
