import type { Answer, ResponseHeaders } from "../http/answer.ts";
import { headersBefore } from "../http/header-list.ts";
import type { Refuse } from "../http/refusals.ts";
import type { Hub, StreamRequest } from "../hub/hub.ts";
import type { EventSink, OpenStream } from "../hub/ports.ts";
import { whenThere } from "../hub/soon.ts";
import type { Span } from "../hub/tracing.ts";
import { type Access, accessAnswer, type CallerRules, callerOf, type StreamAccess } from "./access.ts";
import { corsHeaders } from "./cors.ts";
import type { Exchange, StreamOpener } from "./exchange.ts";
import type { Answered } from "./handle.ts";
import type { Quotas } from "./quotas.ts";
import type { TellStream } from "./stream-log.ts";
import { parseStreamQuery } from "./stream-query.ts";
import { streamTopics } from "./stream-topics.ts";
import { type TokenAccess, type TokenRules, TokenStream } from "./token-stream.ts";
import type { TopicNames } from "./topic-names.ts";

export interface SubscribeSettings {
  readonly corsAllowedOrigins: string;
  readonly maxTopicsPerStream: number;
  readonly maxReplayEvents: number;
}

/** Who may read. */
export interface Readers {
  readonly access: Pick<Access, "forSubscribe">;
  readonly callers: CallerRules;
  /** Milliseconds after which a client whose access has ended is to come back, each its own. */
  readonly retryMs: () => number;
}

export interface SubscribeParts {
  readonly hub: Pick<Hub, "open">;
  readonly readers: Readers;
  readonly names: TopicNames;
  readonly settings: () => SubscribeSettings;
  /** Absent: tokens are not limited. */
  readonly quotas?: Quotas | undefined;
  /** Absent: no stream is told. */
  readonly tellStream?: TellStream | undefined;
  readonly refuse: Refuse;
  /** Logs a fault of the proxy's own, and answers the request that met it. */
  readonly failed: (fault: unknown) => Answer;
  /** Told the status with which each stream was opened, or refused at its opening. */
  readonly opened?: ((status: number) => void) | undefined;
}

/** What all openers share. */
interface OpenerParts extends Pick<SubscribeParts, "hub" | "tellStream" | "refuse" | "failed" | "opened">, TokenRules {
  readonly quotas: Quotas | undefined;
}

const details = {
  connections_exhausted: "the limit on open streams is reached",
  topics_exhausted: "the limit on followed topics is reached",
  draining: "new streams are no longer taken",
  journal_off: "last and since ask for a past that is not kept",
  internal_error: "see the proxy's log",
} as const;

const streamHeaders: ResponseHeaders = [
  ["Content-Type", "text/event-stream"],
  ["Cache-Control", "no-cache, no-transform"],
  ["X-Accel-Buffering", "no"],
  ["Referrer-Policy", "no-referrer"],
];

/** On the same connection a client that comes back would meet the proxy that ended its stream to leave, or that refused it. */
const noReturn: ResponseHeaders = [["Connection", "close"]];

/** A stream that may be opened. */
interface Wanted {
  readonly request: StreamRequest;
  readonly access: StreamAccess;
  readonly cors: ResponseHeaders;
  readonly span: Span | undefined;
}

const hasToken = (access: StreamAccess): access is TokenAccess => access.token !== undefined;

/** Opens one stream; what is not asked for leaves no trace on it. */
class WantedStream implements StreamOpener {
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

/** GET and HEAD /events/{topic} and /events?topic=a&topic=b: opens a stream; answers itself only where none is opened. */
export const subscribeRoute = (parts: SubscribeParts): ((exchange: Exchange, span?: Span) => Answered) => {
  const { readers, names, settings, refuse } = parts;
  const openers: OpenerParts = { ...parts, quotas: parts.quotas, retryMs: readers.retryMs };
  const headHeaders = headersBefore(streamHeaders);
  const headersOfStream = headersBefore([...streamHeaders, ...noReturn]);
  return (exchange, span) => {
    const { corsAllowedOrigins, maxTopicsPerStream, maxReplayEvents } = settings();
    const cors = corsHeaders(corsAllowedOrigins, exchange.header("origin"));
    const named = streamTopics(names, exchange.path, exchange.query, maxTopicsPerStream);
    if (named.kind === "refused") return refuse("topic_invalid", named.detail, cors);
    const { topics } = named;
    const asked = parseStreamQuery(exchange.query, topics.length, maxReplayEvents);
    if (asked.kind === "refused") return refuse("query_invalid", asked.detail, cors);
    const verdict = readers.access.forSubscribe(callerOf(exchange, readers.callers, span), topics);
    return whenThere(verdict, (access) => {
      if (access.kind !== "allowed") return accessAnswer(access, refuse, cors);
      if (exchange.method === "HEAD") return { status: 200, headers: headHeaders(cors), body: "", endless: true };
      // The header wins: it is what a reconnecting client adds to the URL that it was given.
      const lastEventId = exchange.header("last-event-id") ?? asked.query.lastEventId;
      const request = { ...asked.query, lastEventId, topics };
      exchange.stream(headersOfStream(cors), new WantedStream(openers, { request, access, cors, span }));
      return undefined;
    });
  };
};
