import type { RequestClass, RequestRoute } from "@revenprox/contract/metrics";
import type { Answer, ResponseHeaders } from "../http/answer.ts";
import type { EventSink, OpenStream } from "../hub/ports.ts";
import type { Exchange } from "./exchange.ts";

type Answered = Answer | undefined | Promise<Answer | undefined>;
type Handle = (exchange: Exchange) => Answered;

/** Counts requests by how they ended for their client. */
export type CountRequest = (route: RequestRoute, how: RequestClass) => void;

/** The class of an HTTP status. */
export const classOf = (status: number): RequestClass => {
  if (status < 400) return "success";
  if (status < 500) return "client_error";
  return status === 503 ? "unavailable" : "server_error";
};

/** An exchange that tells with what a stream was opened, or refused. */
class WatchedExchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly #inner: Exchange;
  readonly #opened: (status: number) => void;

  constructor(inner: Exchange, opened: (status: number) => void) {
    this.method = inner.method;
    this.path = inner.path;
    this.query = inner.query;
    this.#inner = inner;
    this.#opened = opened;
  }

  header(...[name]: Parameters<Exchange["header"]>): ReturnType<Exchange["header"]> {
    return this.#inner.header(name);
  }

  origin(): ReturnType<Exchange["origin"]> {
    return this.#inner.origin();
  }

  readBody(limit: number): ReturnType<Exchange["readBody"]> {
    return this.#inner.readBody(limit);
  }

  respond(answer: Answer): void {
    this.#inner.respond(answer);
  }

  stream(headers: ResponseHeaders, open: (sink: EventSink) => OpenStream | Answer): void {
    this.#inner.stream(headers, (sink) => {
      const opened = open(sink);
      this.#opened("writable" in opened ? 200 : opened.status);
      return opened;
    });
  }
}

/** `handle`, each request counted once; not those whose client is gone before it is answered. */
export const counted = (count: CountRequest | undefined, route: RequestRoute, handle: Handle): Handle => {
  if (count === undefined) return handle;
  const ended = (status: number): void => count(route, classOf(status));
  const settled = async (answered: Answered): Promise<Answer | undefined> => {
    try {
      const answer = await answered;
      if (answer !== undefined) ended(answer.status);
      return answer;
    } catch (error) {
      ended(500);
      throw error;
    }
  };
  return (exchange) => settled(handle(route === "subscribe" ? new WatchedExchange(exchange, ended) : exchange));
};
