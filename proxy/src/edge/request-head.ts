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

type Joined = "x-forwarded-for" | "forwarded";

/** What becomes of a header; most are counted and forgotten. */
interface Kept {
  /** Place among those of which only the first of the name counts. */
  readonly place?: number;
  readonly joined?: Joined;
  /** Two servers in a row could come to disagree where a request ends or for whom it is, when it is sent twice: a bit for each. */
  readonly once?: number;
}

const placeOf = (name: RequestHeader): number => requestHeaders.indexOf(name);

const kept: ReadonlyMap<string, Kept> = new Map<string, Kept>([
  ...requestHeaders.map((name): [string, Kept] => [name, { place: placeOf(name) }]),
  ["content-length", { place: placeOf("content-length"), once: 1 }],
  ["host", { place: placeOf("host"), once: 2 }],
  ["transfer-encoding", { once: 4 }],
  ["x-forwarded-for", { joined: "x-forwarded-for" }],
  ["forwarded", { joined: "forwarded" }],
]);

const malformed = (detail: string): HeadFault => ({ code: "request_malformed", detail, close: true });

const emptyKey: HeadFault = {
  code: "idempotency_key_invalid",
  detail: "Idempotency-Key is empty, or not ASCII",
  close: false,
};

/** What is kept of a request's headers, and how many there were. */
export class RequestHead {
  /** By place. */
  readonly #first: (string | undefined)[] = new Array(requestHeaders.length);
  #joined: Map<Joined, string> | undefined;
  #seenOnce = 0;
  #bytes = 0;
  #count = 0;
  #malformed: HeadFault | undefined;

  /** One header in the order of sending; `name` in lower case. */
  add(name: string, value: string): void {
    this.#count += 1;
    this.#bytes += name.length + Buffer.byteLength(value) + ": \r\n".length;
    const rule = kept.get(name);
    if (rule === undefined) return;
    if (rule.once !== undefined) this.#checkFraming(name, value, rule.once);
    if (value === "") {
      // Whoever sends a key relies on it; of one that is not ASCII, nothing may be left.
      if (name === "idempotency-key") this.#malformed ??= emptyKey;
      return;
    }
    if (rule.place !== undefined) this.#first[rule.place] ??= value;
    if (rule.joined !== undefined) this.#join(rule.joined, value);
  }

  header(name: RequestHeader): string | undefined {
    return this.#first[placeOf(name)];
  }

  /** All headers of that name in their order, joined by commas. */
  all(name: Joined): string | undefined {
    return this.#joined?.get(name);
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

  #join(name: Joined, value: string): void {
    this.#joined ??= new Map();
    const before = this.#joined.get(name);
    this.#joined.set(name, before === undefined ? value : `${before},${value}`);
  }

  #checkFraming(name: string, value: string, bit: number): void {
    if ((this.#seenOnce & bit) !== 0) this.#malformed ??= malformed(`${name} is sent twice`);
    this.#seenOnce |= bit;
    if (name === "transfer-encoding" && value.toLowerCase() !== "chunked")
      this.#malformed ??= malformed("the only Transfer-Encoding that is understood is chunked");
  }
}

const tooLarge = (code: ErrorCode, detail: string): HeadFault => ({ code, detail, close: false });

/** Bytes of `METHOD target HTTP/1.1` and the line end. */
export const requestLineBytes = (method: string, path: string, query: string): number =>
  method.length + Buffer.byteLength(path) + (query === "" ? 0 : 1 + Buffer.byteLength(query)) + "  HTTP/1.1\r\n".length;
