import type { Agent } from "undici";
import type { Clock } from "../hub/ports.ts";
import { mended, type Soon, whenThere } from "../hub/soon.ts";
import { Deadlines } from "./deadlines.ts";
import { guardedLookup, refuseNumber } from "./upstream-address.ts";
import { PendingAnswer, type UpstreamAnswer, UpstreamFailed } from "./upstream-answer.ts";
import type { UpstreamIdentity } from "./upstream-files.ts";

export interface UpstreamParts {
  readonly identity: () => UpstreamIdentity | undefined;
  readonly timeoutMs: () => number;
  readonly allowPrivateAddresses: boolean;
  readonly clock: Pick<Clock, "now" | "after">;
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

/** What each call to a URL needs of it. */
interface Target {
  readonly url: string;
  readonly origin: string;
  readonly path: string;
}

/** Throws `RefusedAddress`. */
const targetOf = (text: string, allowPrivateAddresses: boolean): Target => {
  const url = new URL(text);
  if (!allowPrivateAddresses) refuseNumber(url);
  return { url: text, origin: url.origin, path: `${url.pathname}${url.search}` };
};

type Headers = Readonly<Record<string, string>>;

/** The connections of an identity, and what every call on them carries. */
interface Line {
  readonly identity: UpstreamIdentity;
  /** A promise until it is loaded. */
  agent: Soon<Agent>;
  readonly getHeaders: Headers;
  readonly postHeaders: Headers;
}

/** HTTP to the verifier: kept connections, guarded addresses, no redirects, bounded answers. */
export class Upstream {
  readonly #parts: UpstreamParts;
  readonly #deadlines: Deadlines;
  /** Of the last call: mostly there is but one URL. */
  #target: Target | undefined;
  #line: Line | undefined;

  constructor(parts: UpstreamParts) {
    this.#parts = parts;
    this.#deadlines = new Deadlines(parts.clock);
  }

  /** Rejects with `UpstreamFailed`. Redirects are answers of their own status: nobody follows them. */
  call(call: UpstreamCall): Promise<UpstreamAnswer> {
    return new Promise((resolve, reject) => {
      const pending = new PendingAnswer({ maxBytes: call.maxBytes, over: this.#over, resolve, reject });
      this.#deadlines.add(pending, this.#parts.timeoutMs());
      void mended<void>(
        () => this.#send(call, pending),
        (fault) => pending.fail(fault),
      );
    });
  }

  stop(): void {
    if (this.#line !== undefined) void whenThere(this.#line.agent, (agent) => agent.destroy());
  }

  readonly #over = (pending: PendingAnswer): void => {
    this.#deadlines.met(pending);
    this.#parts.took?.((performance.now() - pending.begun) / 1_000);
  };

  #send(call: UpstreamCall, pending: PendingAnswer): Soon<void> {
    const identity = this.#parts.identity();
    if (identity === undefined) throw new UpstreamFailed("a file for the call cannot be read");
    if (this.#target?.url !== call.url) this.#target = targetOf(call.url, this.#parts.allowPrivateAddresses);
    const line = this.#lineOf(identity);
    const { agent, postHeaders, getHeaders } = line;
    const headers = call.body === undefined ? getHeaders : postHeaders;
    const request = {
      origin: this.#target.origin,
      path: this.#target.path,
      method: call.body === undefined ? ("GET" as const) : ("POST" as const),
      body: call.body ?? null,
      headers: call.traceparent === undefined ? headers : { ...headers, traceparent: call.traceparent },
      // The call as a whole has a time-out of its own.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    if (!(agent instanceof Promise)) return void agent.dispatch(request, pending);
    return agent.then((loaded) => {
      line.agent = loaded;
      loaded.dispatch(request, pending);
    });
  }

  /** Calls under way on the connections of an identity that is no longer in force are finished. */
  #lineOf(identity: UpstreamIdentity): Line {
    if (this.#line?.identity === identity) return this.#line;
    if (this.#line !== undefined) void whenThere(this.#line.agent, (agent) => agent.close());
    const getHeaders = { ...identity.headers, accept: "application/json" };
    const postHeaders = { ...getHeaders, "content-type": "application/json" };
    this.#line = { identity, agent: this.#newAgent(identity), getHeaders, postHeaders };
    return this.#line;
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
