import type { HttpRequest, HttpResponse } from "uWebSockets.js";
import type { Answer, ResponseHeaders } from "../http/answer.ts";
import type { Body, Exchange, RequestHeader, RequestOrigin, StreamOpener } from "./exchange.ts";
import type { HeadBlocks } from "./head-block.ts";
import { safeCorkBytes } from "./piece-writer.ts";
import { type HeadFault, type HeadLimits, type RequestHead, requestLineBytes } from "./request-head.ts";
import { UwsBody } from "./uws-body.ts";
import { UwsEventSink, type UwsSinkParts } from "./uws-event-sink.ts";
import type { HeadReader } from "./uws-head.ts";

/** Largest answer that goes out in one cork with its headers; larger ones are written in pieces. */
const oneCorkBody = safeCorkBytes - 2_000;

const addressText = (text: ArrayBuffer): string => (text.byteLength === 0 ? "" : Buffer.from(text).toString("latin1"));

const bytesOf = (body: string | Uint8Array): Uint8Array =>
  typeof body === "string" ? new TextEncoder().encode(body) : body;

/** No more bytes than this, whatever characters they are. */
const mostBytesOf = (body: string | Uint8Array): number => (typeof body === "string" ? body.length * 3 : body.length);

/** What all exchanges of an engine share. */
export interface UwsExchangeParts extends UwsSinkParts {
  readonly heads: HeadBlocks;
  readonly reader: HeadReader;
}

/** The other end. It outlives the exchange for as long as a stream lasts, so it must not hold on to it. */
interface Client {
  gone: boolean;
  /** Who is to hear that it has gone. */
  mourner: { aborted(): void } | undefined;
}

const clientOf = (response: HttpResponse): Client => {
  const client: Client = { gone: false, mourner: undefined };
  response.onAborted(() => {
    client.gone = true;
    client.mourner?.aborted();
  });
  return client;
};

/** Most requests are never asked where they came from, and reading it costs microseconds. */
class UwsOrigin implements RequestOrigin {
  readonly #response: HttpResponse;
  readonly #client: Client;
  readonly #head: RequestHead;
  #peer: string | undefined;

  constructor(response: HttpResponse, client: Client, head: RequestHead) {
    this.#response = response;
    this.#client = client;
    this.#head = head;
  }

  get peer(): string {
    this.#peer ??= this.#client.gone ? "" : addressText(this.#response.getRemoteAddressAsText());
    return this.#peer;
  }

  /** uWS understands PROXY protocol v2 from anybody; whom to believe is decided by admission. */
  get proxied(): string | undefined {
    const proxied = this.#client.gone ? "" : addressText(this.#response.getProxiedRemoteAddressAsText());
    return proxied === "" ? undefined : proxied;
  }

  get forwardedFor(): string | undefined {
    return this.#head.all("x-forwarded-for");
  }

  get forwarded(): string | undefined {
    return this.#head.all("forwarded");
  }
}

/** One request of uWebSockets.js. Everything is copied from the request at once, since it dies with the handler. */
export class UwsExchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly #head: RequestHead;
  readonly #response: HttpResponse;
  readonly #parts: UwsExchangeParts;
  readonly #client: Client;
  #answered = false;
  /** The library's handler runs, and has the response corked. */
  #inHandler = true;
  #sink: UwsEventSink | undefined;
  #origin: RequestOrigin | undefined;

  constructor(response: HttpResponse, request: HttpRequest, parts: UwsExchangeParts) {
    this.method = request.getCaseSensitiveMethod();
    this.path = request.getUrl();
    this.query = request.getQuery() ?? "";
    this.#head = parts.reader.read(request);
    this.#response = response;
    this.#parts = parts;
    this.#client = clientOf(response);
  }

  headFault(limits: HeadLimits): HeadFault | undefined {
    return this.#head.fault(requestLineBytes(this.method, this.path, this.query), limits);
  }

  header(name: RequestHeader): string | undefined {
    return this.#head.header(name);
  }

  origin(): RequestOrigin {
    this.#origin ??= new UwsOrigin(this.#response, this.#client, this.#head);
    return this.#origin;
  }

  readBody(limit: number, use: (body: Body) => void): void {
    const body = new UwsBody(limit, use);
    this.#client.mourner = body;
    this.#response.onData((part, isLast) => body.take(part, isLast));
  }

  respond(answer: Answer): void {
    if (this.#client.gone || this.#answered) return;
    this.#answered = true;
    const { body } = answer;
    if (this.method === "HEAD") this.#respondHead(answer);
    else if (mostBytesOf(body) > oneCorkBody) this.#respondLarge(answer, bytesOf(body));
    else this.#respondAtOnce(answer);
  }

  /**
   * Answers and takes nothing more from this connection. Later, since uWS would go on to the next request in its buffer:
   * one that comes while this one is unanswered ends the connection instead.
   */
  respondAndClose({ status, headers, body }: Answer): void {
    this.#answered = true;
    setImmediate(() => {
      if (this.#client.gone) return;
      this.#response.cork(() => {
        this.#response.writeStatus(this.#block(status, headers));
        this.#response.end(bytesOf(body), true);
      });
    });
  }

  stream(headers: ResponseHeaders, opener: StreamOpener): void {
    if (this.#inHandler) this.#open(headers, opener);
    // What has waited for a promise may still run inside the handler, which does not know of it any more.
    else setImmediate(() => this.#open(headers, opener));
  }

  /** The library's handler is about to return. */
  handled(): void {
    this.#inHandler = false;
    this.#sink?.uncorked();
  }

  #open(headers: ResponseHeaders, opener: StreamOpener): void {
    if (this.#client.gone) return;
    const sink = new UwsEventSink(this.#response, this.#block(200, headers), this.#parts, this.#inHandler);
    this.#client.mourner = sink;
    const opened = opener.open(sink);
    if ("writable" in opened) {
      this.#sink = sink;
      sink.attach(opened);
    } else this.respond(opened);
  }

  #respondAtOnce({ status, headers, body }: Answer): void {
    this.#response.cork(() => {
      this.#response.writeStatus(this.#block(status, headers));
      if (status === 204) this.#response.endWithoutBody();
      else if (body.length === 0) this.#response.endWithoutBody(0);
      else this.#response.end(body);
    });
  }

  /** A length that is told to `endWithoutBody` would be waited for: the next request would end the connection. */
  #respondHead({ status, headers, body, endless }: Answer): void {
    const length: ResponseHeaders = endless ? [] : [["Content-Length", String(Buffer.byteLength(body))]];
    this.#response.cork(() => {
      this.#response.writeStatus(this.#block(status, [...headers, ...length]));
      this.#response.endWithoutBody();
    });
  }

  #respondLarge({ status, headers }: Answer, body: Uint8Array): void {
    setImmediate(() => {
      if (this.#client.gone) return;
      const sink = new UwsEventSink(this.#response, this.#block(status, headers), this.#parts);
      this.#client.mourner = sink;
      sink.end(body);
    });
  }

  #block(status: number, headers: ResponseHeaders): string {
    return this.#parts.heads.of(status, headers);
  }
}
