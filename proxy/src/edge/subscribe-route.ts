import type { Answer, ResponseHeaders } from "../http/answer.ts";
import { headersBefore } from "../http/header-list.ts";
import type { Refuse } from "../http/refusals.ts";
import type { Hub, StreamRequest } from "../hub/hub.ts";
import type { EventSink, OpenStream } from "../hub/ports.ts";
import { whenThere } from "../hub/soon.ts";
import type { Span } from "../hub/tracing.ts";
import { type Access, accessAnswer, type CallerRules, callerOf, opening, type StreamAccess } from "./access.ts";
import { corsHeaders } from "./cors.ts";
import type { Exchange } from "./exchange.ts";
import type { Answered } from "./handle.ts";
import { countedFor, type Quotas } from "./quotas.ts";
import type { TellStream } from "./stream-log.ts";
import { parseStreamQuery } from "./stream-query.ts";
import { streamTopics } from "./stream-topics.ts";
import type { TopicNames } from "./topic-names.ts";
import { openedUnder } from "./traced.ts";

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
}

type Open = (sink: EventSink) => OpenStream | Answer;

const asItIs: TellStream = (_topics, _span, open) => open;

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

/** An engine calls `open` in a turn of its own, where a throw would end the process and every other stream with it. */
const withoutThrowing =
  (failed: (fault: unknown) => Answer, open: Open): Open =>
  (sink) => {
    try {
      return open(sink);
    } catch (fault) {
      return failed(fault);
    }
  };

/** A stream that may be opened. */
interface Wanted {
  readonly request: StreamRequest;
  readonly access: StreamAccess;
  readonly cors: ResponseHeaders;
  readonly span: Span | undefined;
}

/** What opens the stream; each of its shells is there only where it has something to do. */
const openerOf = (
  { hub, readers, quotas, refuse, failed, tellStream = asItIs }: SubscribeParts,
  { request, access, cors, span }: Wanted,
): Open => {
  const refusal = (code: keyof typeof details | "token_streams_exhausted", detail: string): Answer =>
    refuse(code, detail, [...cors, ...noReturn]);
  const open: Open = (sink) => {
    const opened = hub.open(request, sink);
    return "writable" in opened ? opened : refusal(opened.refused, details[opened.refused]);
  };
  const tooMany = (): Answer => refusal("token_streams_exhausted", "max_streams_per_token are open");
  const told = tellStream(request.topics.length, span, countedFor(quotas, access.token, tooMany, open));
  return withoutThrowing(failed, opening(access, readers.retryMs, openedUnder(span, told)));
};

/** GET and HEAD /events/{topic} and /events?topic=a&topic=b: opens a stream; answers itself only where none is opened. */
export const subscribeRoute = (parts: SubscribeParts): ((exchange: Exchange, span?: Span) => Answered) => {
  const { readers, names, settings, refuse } = parts;
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
      exchange.stream(headersOfStream(cors), openerOf(parts, { request, access, cors, span }));
      return undefined;
    });
  };
};
