import type { Agent } from "undici";
import { guardedLookup, refuseNumber } from "./upstream-address.ts";
import { PendingAnswer, type UpstreamAnswer, UpstreamFailed } from "./upstream-answer.ts";
import type { UpstreamIdentity } from "./upstream-files.ts";

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

/** Codes such as ECONNREFUSED say enough; messages may quote what was sent or received. */
const told = (error: unknown): UpstreamFailed => {
  if (error instanceof UpstreamFailed) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "the connection failed";
  return new UpstreamFailed(code === "UND_ERR_SOCKET" ? "the connection ended early" : code);
};

/** HTTP to the verifier: kept connections, guarded addresses, no redirects, bounded answers. */
export class Upstream {
  readonly #parts: UpstreamParts;
  #for: UpstreamIdentity | undefined;
  #agent: Promise<Agent> | undefined;

  constructor(parts: UpstreamParts) {
    this.#parts = parts;
  }

  /** Throws `UpstreamFailed`. Redirects are answers of their own status: nobody follows them. */
  async call(call: UpstreamCall): Promise<UpstreamAnswer> {
    const begun = performance.now();
    try {
      const identity = this.#parts.identity();
      if (identity === undefined) throw new UpstreamFailed("a file for the call cannot be read");
      return await this.#send(call, new URL(call.url), identity);
    } catch (error) {
      throw told(error);
    } finally {
      this.#parts.took?.((performance.now() - begun) / 1_000);
    }
  }

  stop(): void {
    void this.#agent?.then((agent) => agent.destroy());
  }

  async #send(call: UpstreamCall, url: URL, identity: UpstreamIdentity): Promise<UpstreamAnswer> {
    if (!this.#parts.allowPrivateAddresses) refuseNumber(url);
    const agent = await this.#agentFor(identity);
    const pending = new PendingAnswer(call.maxBytes, this.#parts.timeoutMs());
    agent.dispatch(
      {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: call.body === undefined ? "GET" : "POST",
        body: call.body ?? null,
        headers: {
          ...identity.headers,
          accept: "application/json",
          ...(call.body === undefined ? {} : { "content-type": "application/json" }),
          ...(call.traceparent === undefined ? {} : { traceparent: call.traceparent }),
        },
        // The call as a whole has a time-out of its own.
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      pending,
    );
    return pending.answer;
  }

  /** Calls under way on the connections of an identity that is no longer in force are finished. */
  #agentFor(identity: UpstreamIdentity): Promise<Agent> {
    if (this.#agent !== undefined && this.#for === identity) return this.#agent;
    void this.#agent?.then((agent) => agent.close());
    this.#for = identity;
    this.#agent = this.#newAgent(identity);
    return this.#agent;
  }

  /** Loaded here, since a proxy without a verifier does not need it. */
  async #newAgent({ tls }: UpstreamIdentity): Promise<Agent> {
    const { Agent } = await import("undici");
    const { allowPrivateAddresses, timeoutMs } = this.#parts;
    return new Agent({
      allowH2: false,
      connect: { ...tls, timeout: timeoutMs(), ...(allowPrivateAddresses ? {} : { lookup: guardedLookup() }) },
    });
  }
}
