import type { Answer, ResponseHeaders } from "../http/answer.ts";
import type { Refuse } from "../http/refusals.ts";
import type { Hub, StreamRequest } from "../hub/hub.ts";
import type { EventSink, OpenStream } from "../hub/ports.ts";
import type { Span } from "../hub/tracing.ts";
import type { StreamAccess } from "./access.ts";
import type { StreamOpener } from "./exchange.ts";
import type { Quotas } from "./quotas.ts";
import type { TellStream } from "./stream-log.ts";
import { type TokenAccess, type TokenRules, TokenStream } from "./token-stream.ts";

/** What all openers share. */
export interface OpenerParts extends TokenRules {
  readonly hub: Pick<Hub, "open">;
  /** Absent: tokens are not limited. */
  readonly quotas: Quotas | undefined;
  /** Absent: no stream is told. */
  readonly tellStream?: TellStream | undefined;
  readonly refuse: Refuse;
  /** Logs a fault of the proxy's own, and answers the request that met it. */
  readonly failed: (fault: unknown) => Answer;
  /** Told the status with which each stream was opened, or refused at its opening. */
  readonly opened?: ((status: number) => void) | undefined;
}

const details = {
  connections_exhausted: "the limit on open streams is reached",
  topics_exhausted: "the limit on followed topics is reached",
  draining: "new streams are no longer taken",
  journal_off: "last and since ask for a past that is not kept",
  internal_error: "see the proxy's log",
} as const;

/** On the same connection a client that comes back would meet the proxy that ended its stream to leave, or that refused it. */
export const noReturn: ResponseHeaders = [["Connection", "close"]];

/** A stream that may be opened. */
export interface Wanted {
  readonly request: StreamRequest;
  readonly access: StreamAccess;
  readonly cors: ResponseHeaders;
  readonly span: Span | undefined;
}

const hasToken = (access: StreamAccess): access is TokenAccess => access.token !== undefined;

/** Opens one stream; what is not asked for leaves no trace on it. */
export class WantedStream implements StreamOpener {
  readonly #parts: OpenerParts;
  readonly #wanted: Wanted;

  constructor(parts: OpenerParts, wanted: Wanted) {
    this.#parts = parts;
    this.#wanted = wanted;
  }

  open(sink: EventSink): OpenStream | Answer {
    const { failed, opened: told } = this.#parts;
    const opened = this.#openOr(failed, sink);
    const status = "writable" in opened ? 200 : opened.status;
    this.#wanted.span?.end({ status });
    told?.(status);
    return opened;
  }

  #openOr(failed: (fault: unknown) => Answer, sink: EventSink): OpenStream | Answer {
    try {
      const { access } = this.#wanted;
      return hasToken(access) ? this.#openWith(access, sink) : this.#openFrom(sink);
    } catch (fault) {
      return failed(fault);
    }
  }

  #openWith(access: TokenAccess, sink: EventSink): OpenStream | Answer {
    const { quotas } = this.#parts;
    if (quotas?.stream(access.token) === false)
      return this.#refusal("token_streams_exhausted", "max_streams_per_token are open");
    const opened = this.#openFrom(sink);
    if ("writable" in opened) return new TokenStream(opened, sink, access, this.#parts);
    quotas?.streamClosed(access.token);
    return opened;
  }

  #openFrom(sink: EventSink): OpenStream | Answer {
    const { hub, tellStream } = this.#parts;
    const { request, span } = this.#wanted;
    const opened = hub.open(request, sink);
    if (!("writable" in opened)) return this.#refusal(opened.refused, details[opened.refused]);
    return tellStream === undefined ? opened : tellStream(opened, request.topics.length, span);
  }

  #refusal(code: keyof typeof details | "token_streams_exhausted", detail: string): Answer {
    return this.#parts.refuse(code, detail, [...this.#wanted.cors, ...noReturn]);
  }
}
