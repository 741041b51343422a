import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { guardedLookup, refuseNumber } from "./upstream-address.ts";
import type { UpstreamIdentity } from "./upstream-files.ts";

/** The verifier gave no answer that could be used; the message holds nothing that it said. */
export class UpstreamFailed extends Error {
  override readonly name = "UpstreamFailed";
}

export interface UpstreamParts {
  readonly identity: () => UpstreamIdentity | undefined;
  readonly timeoutMs: () => number;
  readonly allowPrivateAddresses: boolean;
  /** Seconds of each call, whatever came of it. */
  readonly took?: (seconds: number) => void;
}

/** One call; without a body it is a GET. */
export interface UpstreamCall {
  readonly url: string;
  readonly body?: string;
  /** Bytes of the longest answer that is read. */
  readonly maxBytes: number;
  /** Of the step that the call is; the header is left out without it. */
  readonly traceparent?: string | undefined;
}

export interface UpstreamAnswer {
  readonly status: number;
  readonly body: string;
}

const collect = (response: IncomingMessage, maxBytes: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    response.on("data", (part: Buffer) => {
      size += part.length;
      if (size > maxBytes) {
        response.destroy();
        reject(new UpstreamFailed(`the answer is longer than ${maxBytes} bytes`));
      } else parts.push(part);
    });
    response.on("end", () => resolve(Buffer.concat(parts).toString("utf8")));
    response.on("error", reject);
    response.on("aborted", () => reject(new UpstreamFailed("the answer ended early")));
  });

/** Codes such as ECONNREFUSED say enough; messages may quote what was sent or received. */
const told = (error: unknown): UpstreamFailed => {
  if (error instanceof UpstreamFailed) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "the connection failed";
  return new UpstreamFailed(code);
};

/** HTTP to the verifier: kept connections, guarded addresses, no redirects, bounded answers. */
export class Upstream {
  readonly #parts: UpstreamParts;
  #for: UpstreamIdentity | undefined;
  #agent: HttpAgent | HttpsAgent | undefined;

  constructor(parts: UpstreamParts) {
    this.#parts = parts;
  }

  /** Throws `UpstreamFailed`. Redirects are answers of their own status: nobody follows them. */
  async call({ url: text, body, maxBytes, traceparent }: UpstreamCall): Promise<UpstreamAnswer> {
    const timeoutMs = this.#parts.timeoutMs();
    const begun = performance.now();
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const identity = this.#parts.identity();
      if (identity === undefined) throw new UpstreamFailed("a file for the call cannot be read");
      const url = new URL(text);
      if (!this.#parts.allowPrivateAddresses) refuseNumber(url);
      const options = this.#options(url, identity, signal);
      if (traceparent !== undefined) options.headers = { ...options.headers, traceparent };
      const response = await this.#send(url, options, body);
      return { status: response.statusCode ?? 0, body: await collect(response, maxBytes) };
    } catch (error) {
      throw signal.aborted ? new UpstreamFailed("timeout") : told(error);
    } finally {
      this.#parts.took?.((performance.now() - begun) / 1_000);
    }
  }

  stop(): void {
    this.#agent?.destroy();
  }

  #options(url: URL, identity: UpstreamIdentity, signal: AbortSignal): RequestOptions {
    return {
      agent: this.#agentFor(url, identity),
      headers: { ...identity.headers, accept: "application/json" },
      signal,
      ...(this.#parts.allowPrivateAddresses ? {} : { lookup: guardedLookup() }),
    };
  }

  #send(url: URL, options: RequestOptions, body: string | undefined): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const send = url.protocol === "https:" ? httpsRequest : httpRequest;
      const request = send(url, { ...options, method: body === undefined ? "GET" : "POST" }, resolve);
      request.on("error", reject);
      if (body !== undefined) request.setHeader("content-type", "application/json");
      request.end(body);
    });
  }

  #agentFor(url: URL, identity: UpstreamIdentity): HttpAgent | HttpsAgent {
    if (this.#agent !== undefined && this.#for === identity) return this.#agent;
    this.#agent?.destroy();
    this.#for = identity;
    this.#agent =
      url.protocol === "https:"
        ? new HttpsAgent({ keepAlive: true, ...identity.tls })
        : new HttpAgent({ keepAlive: true });
    return this.#agent;
  }
}
