import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer, ResponseHeaders } from "../http/answer.ts";
import type { ChunkFraming } from "./chunk-framing.ts";
import type { Body, Exchange, RequestHeader, RequestOrigin, StreamOpener } from "./exchange.ts";
import { NodeEventSink } from "./node-event-sink.ts";
import { type HeadFault, type HeadLimits, RequestHead, requestLineBytes } from "./request-head.ts";

/** Milliseconds of silence after which a body under way is given up. */
const bodySilenceMs = 10_000;

/** Node reads headers as latin1; what clients send is UTF-8. (A request line that is not ASCII is refused by its parser.) */
const utf8 = (text: string): string => (/[\x80-\xff]/.test(text) ? Buffer.from(text, "latin1").toString("utf8") : text);

/**
 * uWebSockets.js drops what is not visible ASCII from both ends of a value before anybody sees it. The engines must
 * agree, so that the same request means the same on both.
 */
const trimmed = (value: string): string => value.replace(/^[^!-\x7f]+|[^!-\x7f]+$/g, "");

const readHead = ({ rawHeaders }: IncomingMessage): RequestHead => {
  const head = new RequestHead();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    head.add((rawHeaders[index] ?? "").toLowerCase(), utf8(trimmed(rawHeaders[index + 1] ?? "")));
  }
  return head;
};

export interface NodeExchangeParts {
  readonly response: ServerResponse;
  readonly framing: ChunkFraming;
  /** Milliseconds after which a client that takes nothing of its stream is cut. */
  readonly patienceMs: () => number;
  /** Client in the connection's PROXY protocol header. */
  readonly proxied: string | undefined;
  /** Whether other requests of the same connection are still unanswered. */
  readonly shared: () => boolean;
  /** Requests that come on the connection from now on end it. */
  readonly streaming: () => void;
}

/** One request of `node:http`. */
export class NodeExchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly #head: RequestHead;
  readonly #peer: string;
  readonly #parts: NodeExchangeParts;
  #answered = false;
  #sink: NodeEventSink | undefined;

  constructor(parts: NodeExchangeParts) {
    const request = parts.response.req;
    const target = request.url ?? "";
    const mark = target.indexOf("?");
    this.method = request.method ?? "";
    this.path = mark < 0 ? target : target.slice(0, mark);
    this.query = mark < 0 ? "" : target.slice(mark + 1);
    this.#head = readHead(request);
    this.#peer = request.socket.remoteAddress ?? "";
    this.#parts = parts;
    parts.response.on("close", () => this.#sink?.closed());
  }

  headFault(limits: HeadLimits): HeadFault | undefined {
    const { httpVersion } = this.#parts.response.req;
    if (httpVersion === "1.1" && this.header("host") === undefined)
      return { code: "request_malformed", detail: "there is no Host header", close: true };
    return this.#head.fault(requestLineBytes(this.method, this.path, this.query), limits);
  }

  header(name: RequestHeader): string | undefined {
    return this.#head.header(name);
  }

  origin(): RequestOrigin {
    return {
      peer: this.#peer,
      proxied: this.#parts.proxied,
      forwardedFor: this.#head.all("x-forwarded-for"),
      forwarded: this.#head.all("forwarded"),
    };
  }

  readBody(limit: number, use: (body: Body) => void): void {
    const { promise, resolve } = Promise.withResolvers<Body>();
    void promise.then(use);
    const { req: request } = this.#parts.response;
    const parts: Uint8Array[] = [];
    let size = 0;
    request.socket.setTimeout(bodySilenceMs);
    request.on("data", (part: Buffer) => {
      size += part.length;
      if (size <= limit) parts.push(part);
      else {
        // The rest is read and forgotten: closing at once could cost the client our answer.
        parts.length = 0;
        resolve({ kind: "too-large" });
      }
    });
    request.on("end", () => {
      request.socket.setTimeout(0);
      resolve({ kind: "bytes", bytes: parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts) });
    });
    request.on("error", () => resolve({ kind: "aborted" }));
    request.on("close", () => resolve({ kind: "aborted" }));
  }

  respond(answer: Answer): void {
    this.#respond(answer, []);
  }

  /** Answers and takes nothing more from this connection. */
  respondAndClose(answer: Answer): void {
    this.#respond(answer, [["Connection", "close"]]);
  }

  stream(headers: ResponseHeaders, opener: StreamOpener): void {
    const { response, framing, patienceMs, shared, streaming } = this.#parts;
    streaming();
    setImmediate(() => {
      const { socket } = response;
      if (this.#gone || socket === null) return;
      if (shared()) return void socket.destroy();
      const sink = new NodeEventSink({ response, socket, headers, framing, patienceMs });
      this.#sink = sink;
      const opened = opener.open(sink);
      if ("writable" in opened) return sink.attach(opened);
      this.#sink = undefined;
      sink.closed();
      this.respond(opened);
    });
  }

  get #gone(): boolean {
    return this.#parts.response.destroyed || this.#parts.response.req.socket.destroyed;
  }

  #respond({ status, headers, body, endless }: Answer, more: ResponseHeaders): void {
    if (this.#gone || this.#answered) return;
    this.#answered = true;
    const { response } = this.#parts;
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const length: ResponseHeaders = status === 204 || endless ? [] : [["Content-Length", String(bytes.length)]];
    response.writeHead(status, [...headers, ...more, ...length].flat());
    if (this.method === "HEAD" || bytes.length === 0) response.end();
    else response.end(bytes);
  }
}
