import type { ErrorCode } from "@revenprox/contract/errors";
import { type RequestHeader, requestHeaders } from "./exchange.ts";

/** Largest heads that are served, in bytes. */
export interface HeadLimits {
  /** Method, target and version, with the spaces and the line end. */
  readonly maxRequestLineSize: number;
  /** All header lines together. */
  readonly maxHeaderSize: number;
  readonly maxHeaders: number;
}

/** Why a request is refused by its head alone. `close`: what follows on the connection cannot be trusted. */
export interface HeadFault {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly close: boolean;
}

/** Bytes an HTTP engine must take beyond the limits, so that the finer check answers and not the engine's own. */
const slackBytes = 1_024;

/** The limit of the engine's own on a whole head. */
export const engineHeadBytes = ({ maxRequestLineSize, maxHeaderSize }: HeadLimits): number =>
  maxRequestLineSize + maxHeaderSize + slackBytes;

const kept: ReadonlySet<string> = new Set(requestHeaders);
const joined = ["x-forwarded-for", "forwarded"] as const;
type Joined = (typeof joined)[number];
const isKept = (name: string): name is RequestHeader => kept.has(name);
const isJoined = (name: string): name is Joined => joined.some((known) => known === name);

/** Headers by which two servers in a row could come to disagree where a request ends or for whom it is, when sent twice. */
const sentOnce: ReadonlySet<string> = new Set(["content-length", "transfer-encoding", "host"]);

const malformed = (detail: string): HeadFault => ({ code: "request_malformed", detail, close: true });

const emptyKey: HeadFault = {
  code: "idempotency_key_invalid",
  detail: "Idempotency-Key is empty, or not ASCII",
  close: false,
};

/** What is kept of a request's headers, and how many there were. */
export class RequestHead {
  readonly #first = new Map<RequestHeader, string>();
  readonly #joined = new Map<Joined, string>();
  readonly #seenOnce: string[] = [];
  #bytes = 0;
  #count = 0;
  #malformed: HeadFault | undefined;

  /** One header in the order of sending; `name` in lower case. */
  add(name: string, value: string): void {
    this.#count += 1;
    this.#bytes += name.length + Buffer.byteLength(value) + ": \r\n".length;
    if (sentOnce.has(name)) this.#checkFraming(name, value);
    if (value === "") {
      // Whoever sends a key relies on it; of one that is not ASCII, nothing may be left.
      if (name === "idempotency-key") this.#malformed ??= emptyKey;
      return;
    }
    if (isKept(name) && !this.#first.has(name)) this.#first.set(name, value);
    if (!isJoined(name)) return;
    const before = this.#joined.get(name);
    this.#joined.set(name, before === undefined ? value : `${before},${value}`);
  }

  header(name: RequestHeader): string | undefined {
    return this.#first.get(name);
  }

  /** All headers of that name in their order, joined by commas. */
  all(name: Joined): string | undefined {
    return this.#joined.get(name);
  }

  /** The first thing wrong with the head; `lineBytes` is the size of the request line. */
  fault(lineBytes: number, limits: HeadLimits): HeadFault | undefined {
    if (this.#malformed !== undefined) return this.#malformed;
    if (lineBytes > limits.maxRequestLineSize)
      return tooLarge(
        "request_line_too_long",
        `the request line has ${lineBytes} bytes, max_request_line_size is ${limits.maxRequestLineSize}`,
      );
    if (this.#bytes > limits.maxHeaderSize)
      return tooLarge(
        "headers_too_large",
        `the headers have ${this.#bytes} bytes, max_header_size is ${limits.maxHeaderSize}`,
      );
    if (this.#count > limits.maxHeaders)
      return tooLarge("headers_too_large", `there are ${this.#count} headers, max_headers is ${limits.maxHeaders}`);
    return undefined;
  }

  #checkFraming(name: string, value: string): void {
    if (this.#seenOnce.includes(name)) this.#malformed ??= malformed(`${name} is sent twice`);
    this.#seenOnce.push(name);
    if (name === "transfer-encoding" && value.toLowerCase() !== "chunked")
      this.#malformed ??= malformed("the only Transfer-Encoding that is understood is chunked");
  }
}

const tooLarge = (code: ErrorCode, detail: string): HeadFault => ({ code, detail, close: false });

/** Bytes of `METHOD target HTTP/1.1` and the line end. */
export const requestLineBytes = (method: string, path: string, query: string): number =>
  method.length + Buffer.byteLength(path) + (query === "" ? 0 : 1 + Buffer.byteLength(query)) + "  HTTP/1.1\r\n".length;
